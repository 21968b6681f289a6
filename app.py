"""Graft in a browser: page config and navigation, nothing else. Start it with `streamlit run app.py`."""

import streamlit as st
from starlette.middleware import Middleware

from pages.routes import downloads, phone, predicted_files, thumbnails
from pages.routes.host_guard import HostGuard
from pages.routes.uploads import UploadReceiver
from pages.shared import frame, workspace

if __name__ == "__main__":  # a tab runs its page
    st.set_page_config(page_title="Graft", page_icon="assets/icon.svg", layout="wide")
    frame.run(st.navigation(frame.pages(), position="hidden"))
else:  # the server starts; Streamlit looks for an App in this module
    app = st.App(
        __file__,
        lifespan=frame.lifespan,
        routes=[*downloads.routes(), *phone.routes(), *predicted_files.routes(), *thumbnails.routes()],
        middleware=[Middleware(HostGuard, hosts=workspace.hosts()), Middleware(UploadReceiver)],
    )
