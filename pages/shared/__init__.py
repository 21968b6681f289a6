"""What pages have in common: `frame` around them, `state` of a tab, `workspace` behind them, components, charts."""
