"""Words of several languages in names of folders and columns, and in cells. All are compared by `file_names.fold`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from core.intake.file_names import fold
from core.intake.results import Split

Role = Literal["file", "label", "split", "group", "split_fixed", "excluded"]

_SPLITS: Final[Mapping[Split, str]] = {
    "train": (
        "train training trn trainval trainieren entrenamiento entrainement apprentissage treino treinamento "
        "addestramento allenamento egitim treningowy treningowe обучение обучающая обучающий тренировочная 训练 "
        "訓練 訓練用 学習 学習用 학습 학습용 훈련 훈련용 تدريب"
    ),
    "validation": (
        "val valid validation validate validating dev devel development eval evaluation validierung validacion "
        "validacao convalida validazione dogrulama walidacja walidacyjne валидация валидационная проверка 验证 "
        "驗證 検証 検証用 검증 검증용 تحقق"
    ),
    "test": (
        "test testing tst holdout prueba pruebas teste testowy testowe тест тестовая тестовый тестирование 测试 "
        "測試 テスト テスト用 테스트 테스트용 시험 اختبار"
    ),
}
SPLIT_WORDS: Final[Mapping[str, Split]] = MappingProxyType(
    {fold(word): split for split, words in _SPLITS.items() for word in words.split()}
)
# Words that add nothing to a split word: `train_images`, `testset`.
FILLERS: Final = (
    "dataset", "datasets", "data", "daten", "set", "sets", "images", "image", "imgs", "img", "pictures", "photos",
    "split", "splits", "folder", "subset", "samples", "jpg", "jpeg", "png", "集", "データ", "데이터",
)  # fmt: skip
# Folders of these names within a split hold images and are no class.
IMAGE_FOLDERS: Final = frozenset(("images", "image", "imgs", "img", "pictures", "photos", "samples", "jpg", "png"))
# Folders of these names beside one of images hold its masks or outlines, which are no photographs.
MASK_FOLDERS: Final = frozenset(
    (
        "mask", "masks", "annotation", "annotations", "label", "labels", "trimap", "trimaps", "gt", "ground_truth",
        "groundtruth", "segmentation", "segmentations", "masken", "masques", "mascaras",
    )
)  # fmt: skip

# Names of columns by what they mean, the most explicit first; spaces and signs count as underscores.
COLUMN_NAMES: Final[Mapping[Role, tuple[str, ...]]] = {
    "file": (
        (
            "file filename file_name filepath file_path path image_file image_filename image_file_name image_path "
            "img_path relative_path dateiname datei dateipfad fichier nom_fichier nom_du_fichier archivo "
            "nombre_archivo nombre_de_archivo fichero nome_file nome_del_file arquivo nome_arquivo "
            "nome_do_arquivo bestand bestandsnaam plik nazwa_pliku soubor dosya dosya_adi файл имя_файла путь "
            "文件 文件名 檔案 檔名 ファイル ファイル名 파일 파일명 ملف اسم_الملف"
        ),
        (
            "image image_name images img img_name picture photo bild bildname imagen imagem immagine afbeelding "
            "zdjecie obrazek gorsel изображение картинка фото 图片 图像 图片名 圖片 画像 画像名 이미지 사진 صورة "
            "الصورة"
        ),
        "name image_id img_id id",
    ),
    "label": (
        (
            "label labels class class_name classname class_label label_name klasse etikett klassenname classe "
            "nom_classe etiquette clase etiqueta etichetta rotulo klasa etykieta trida sinif etiket класс метка "
            "类别 標籤 标签 类 類別 クラス ラベル 클래스 라벨 레이블 فئة الفئة التصنيف"
        ),
        (
            "scientific_name taxon taxon_name species_name wissenschaftlicher_name nom_scientifique nombre_cientifico "
            "category category_name choice target ground_truth gt species breed variety cultivar common_name tag "
            "prediction_string annotation kategorie art categorie categoria espece especie specie kategoria gatunek "
            "kategori tur категория вид 分类 分類 種類 분류 종류 نوع النوع"
        ),
        "dx diagnosis diagnose diagnostic diagnostico disease condition",
        "class_id label_id category_id class_index label_index",
    ),
    "split": ("split set subset partition usage dataset_split aufteilung particion 划分 数据集 分割 분할",),
    "group": (
        (
            "group group_id patient patient_id subject subject_id plant plant_id site site_id series series_id "
            "lesion lesion_id specimen specimen_id individual individual_id session session_id sequence "
            "sequence_id gruppe patienten_id groupe grupo gruppo paciente groep grupa группа пациент 组 分组 患者 "
            "グループ 그룹 환자 مجموعة"
        ),
    ),
    "split_fixed": ("split_fixed",),
    "excluded": ("excluded set_aside",),
}
# What people and programs write where there is no class.
PLACEHOLDERS: Final = frozenset(
    (
        "?", "??", "???", "-", "--", "n/a", "#n/a", "na", "<na>", "nan", "null", "tbd", "todo", "unknown", "unlabeled",
        "unlabelled", "not labeled", "not labelled",
    )
)  # fmt: skip
NO: Final = frozenset(("no", "false", "0"))
YES: Final = frozenset(("yes", "true", "1"))
