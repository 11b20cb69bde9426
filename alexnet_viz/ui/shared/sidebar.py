"""The choices that every page shares: the photo, the weights, the device."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from alexnet_viz import permissions
from alexnet_viz.components.photo_picker import photo_picker
from alexnet_viz.disk import runs_folder
from alexnet_viz.display import display_name
from alexnet_viz.errors import DecoderBusy, ImageError, RunError, UserError, WeightsError
from alexnet_viz.images.formats import TITLES
from alexnet_viz.images.samples import SAMPLES
from alexnet_viz.network import sources
from alexnet_viz.network.colours import PRESETS, TORCHVISION, colours, own
from alexnet_viz.settings import Setting
from alexnet_viz.ui.shared import address, photos
from alexnet_viz.ui.shared.controls import Control
from alexnet_viz.ui.shared.sharing import is_this_machine
from alexnet_viz.ui.shared.text import markdown
from alexnet_viz.ui.upload_limits import UPLOAD_MEGABYTES, claim
from alexnet_viz.values import VARIANT_TITLES, VARIANTS, DeviceInfo, Variant

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

_FELL_BACK = "_weights_fell_back"
_OWN = "own"
_PREPROCESSING = "preprocessing"
_TITLES = {
    "imagenet": "ImageNet, 1000 classes",
    "bundled": "Bundled, 100 classes",
    "random": "Random (untrained)",
    "file": "A checkpoint of yours …",
}

PHOTO = Control(Setting("photo", "text", SAMPLES[0].key))
WEIGHTS = Control(
    Setting(
        "weights",
        "text",
        None,
        "Weights",
        "Where the network's parameters come from. The classes and the preprocessing come with them.",
    )
)
VARIANT = Control(
    Setting(
        "variant",
        "choice",
        VARIANTS[0],
        "Variant",
        "Which AlexNet to build. Trained weights fit one variant, so this choice is there for random ones alone.",
        options=VARIANT_TITLES,
    )
)
SEVERAL = Control(
    Setting(
        "several",
        "bool",
        False,
        "Several photos at once",
        "All photos of yours in one table (or the samples), with downloads; mark the truth to count hits.",
    )
)
DEVICE = Control(
    Setting("device", "text", "auto", "Device", "What the network runs on: a CUDA GPU, else Apple's MPS, else the CPU.")
)


@dataclass(frozen=True)
class Choice:
    """What the sidebar says. ``device`` None means the best there is."""

    photo: str
    weights: str
    variant: Variant
    device: str | None


def sidebar() -> Choice:
    """Draw the sidebar, all but the devices (torch knows them, and the page need not wait for it)."""
    with st.sidebar:
        weights, variant = _weights()  # first, so that what it says of missing weights is on the first screen
        photos.offer_textures(_known_textures(weights))
        st.divider()
        photo = _photo()
    chosen = DEVICE.resolve()
    st.session_state.choice = Choice(photo, weights, variant, None if chosen == "auto" else chosen)
    return st.session_state.choice


def current() -> Choice:
    """What the sidebar says in this run, for the pages."""
    return st.session_state.choice


def theme() -> str:
    """ "light" or "dark", as this visitor's browser shows the page."""
    return "dark" if st.context.theme.type == "dark" else "light"


def devices() -> None:
    """The choice of a device, drawn below the rest once the page stands."""
    from alexnet_viz.network.device import devices as all_devices

    known = {device.name: device for device in all_devices()}
    name = DEVICE.among(["auto", *known], "auto")
    with st.sidebar:
        DEVICE.selectbox(format_func=lambda name: "Best available" if name == "auto" else known[name].title)
        used = known.get(name) or next(iter(known.values()))
        st.caption(markdown(_memory(used)))


def _memory(device: DeviceInfo) -> str:
    if device.memory_free is None or device.memory_total is None:
        return device.title
    return f"{device.title}: {device.memory_free / 2**30:.1f} of {device.memory_total / 2**30:.1f} GiB free"


# --- photo ---------------------------------------------------------------------------------------


def _photo() -> str:
    st.subheader("Photo")
    PHOTO.resolve()
    files = st.file_uploader(
        "Drop photos here",
        accept_multiple_files=True,
        key="uploads",
        max_upload_size=UPLOAD_MEGABYTES,
        help=f"{TITLES}. {photos.WHAT_HAPPENS}",
    )
    _take_uploads(files)
    if st.button("Use the webcam", icon=":material/photo_camera:", width="stretch"):
        _webcam()

    picker = st.container()  # drawn last, so that it shows what was just added
    _check_current()
    with picker:
        strip = [
            {"key": reference, "title": photos.title(reference), "thumbnail": photos.thumbnail(reference)}
            for reference in photos.all_references()
        ]
        picked = photo_picker(strip, PHOTO.value, UPLOAD_MEGABYTES << 20, key="picker")
    if photos.remember_all(picked.kept):
        st.rerun()
    if picked.chosen:
        PHOTO.choose(picked.chosen)
        st.rerun()
    if picked.pasted and (reference := _pasted(base64.b64decode(picked.pasted["base64"]), _pasted_name(picked.pasted))):
        PHOTO.choose(reference)
        st.rerun()
    return PHOTO.value


def may_use_camera(url: str) -> bool:
    """Whether a browser gives a page the camera: https://www.w3.org/TR/secure-contexts/."""
    return not url.startswith("http:") or is_this_machine(url)


@st.dialog("Take a photo", width="medium")
def _webcam() -> None:
    if not may_use_camera(st.context.url or ""):
        st.info(
            "Browsers open the camera on https pages alone, or on the machine that the app runs on. Take the photo "
            "with the camera's own app, and upload it."
        )
        return
    st.caption(
        "No picture? Allow this page the camera in the browser's address bar; without a camera, upload a photo. "
        f"{photos.WHAT_HAPPENS}"
    )
    still = st.camera_input("Webcam", label_visibility="collapsed")  # the browser asks for the camera once it stands
    if still and _take_uploads([still], "webcam.jpg"):
        st.rerun()


def upload_here() -> None:
    """An upload on the page itself, which shell.css shows where the sidebar is folded: on phones, old projectors."""
    with st.container(key="upload_here"):
        if _take_uploads(
            st.file_uploader(
                "Your photo",
                accept_multiple_files=True,
                key="uploads_here",
                max_upload_size=UPLOAD_MEGABYTES,
                label_visibility="collapsed",
            )
        ):
            st.rerun()  # the sidebar, and what else knows the photo, stands above


def _take_uploads(files: list[UploadedFile], name: str = "") -> int:
    """Keep uploads, under this name or their own, and choose the newest; how many were new and can be used."""
    seen = st.session_state.setdefault("_seen_uploads", set())
    refused = st.session_state.setdefault("_refused_photos", {})  # an upload's id: why; to find out may take 5 s
    count = 0
    for file in files:
        claim(file.file_id)
        if file.file_id in refused:
            st.error(markdown(refused[file.file_id]))
            continue
        is_new = file.file_id not in seen
        try:
            reference = photos.add(file.getvalue(), name or file.name)
        except ImageError as error:
            if is_new:
                st.error(markdown(str(error)))
                if not isinstance(error, DecoderBusy):
                    refused[file.file_id] = str(error)
        else:
            seen.add(file.file_id)
            if is_new:
                PHOTO.choose(reference)
                count += 1
    if count > 1:
        SEVERAL.choose(True)
    return count


def _pasted(data: bytes, name: str) -> str | None:
    """Keep a pasted photo; one that cannot be used says so here, and what was on the screen stays."""
    try:
        return photos.add(data, name)
    except ImageError as error:
        st.error(markdown(str(error)))
        return None


def _check_current() -> None:
    """A reference from the address may be unknown or forgotten: then say so and show the first sample."""
    try:
        photos.load(PHOTO.value)
        photos.remember(PHOTO.value)
    except ImageError as error:
        st.warning(markdown(str(error)))
        PHOTO.choose(SAMPLES[0].key)


def _pasted_name(pasted: dict[str, str]) -> str:
    return f"pasted.{pasted['type'].rpartition('/')[2]}"


# --- network -------------------------------------------------------------------------------------


def _weights() -> tuple[str, Variant]:
    st.subheader("Network")
    best = sources.best_available()
    chosen = _unless_gone(WEIGHTS.resolve(best), best)
    options = weight_options()
    if chosen not in options:
        options.insert(len(options) - ("file" in options), chosen)  # a run or a file that came with the address
    WEIGHTS.among(options, best)
    weights = WEIGHTS.selectbox(format_func=weight_title)
    shown = st.session_state.get("_weights_shown", best)
    link = address.take(_PREPROCESSING)
    if weights == "file":
        weights = _own_checkpoint() or shown
    elif weights == "imagenet" and not sources.imagenet_file().is_file():
        _offer_download(shown)
        weights = shown
    elif weights == "bundled" and not sources.BUNDLED.is_file():
        st.info("This copy of the app holds no bundled weights: these are random ones.")
        weights = "random"
    st.session_state._weights_shown = weights
    variant = _variant() if weights == "random" else VARIANTS[0]
    if weights == best == "random":
        st.caption("This machine has no trained weights: these are random.")
    address.show(WEIGHTS.key, weights)
    return _prepared(weights, link), variant


def _unless_gone(weights: str, best: str) -> str:
    """The weights; the best there are in place of a run's that was deleted, or has none, as a notice says."""
    state = st.session_state
    if reason := wrong_with_run(weights):
        state[_FELL_BACK] = f"{reason} Until then you see: {weight_title(best)}."
        weights = best
        WEIGHTS.choose(best)
    if weights == best and _FELL_BACK in state:  # until others are chosen
        st.warning(markdown(state[_FELL_BACK]), icon=":material/info:")
    else:
        state.pop(_FELL_BACK, None)
    return weights


def wrong_with_run(weights: str) -> str:
    """Why there are no weights of the run that a choice names, in a sentence; "" where there are, or it names none."""
    try:
        if weights.startswith("run:"):
            sources.path_of(weights)
    except WeightsError as error:
        return str(error)
    return ""


def weight_options() -> list[str]:
    """Every choice of weights that this machine has, and ``file`` for one that is yet to be named."""
    bundled = ["bundled"] if sources.BUNDLED.is_file() else []
    runs = {path.parent.parent.name for path in runs_folder().glob("*/checkpoints/index.json")}
    names = sorted((display_name(run) for run in runs if not run.startswith(".")), reverse=True)
    may = permissions.current()
    own = ["file"] if may.checkpoints or may.roots != () else []
    return ["imagenet", *bundled, "random", *(f"run:{name}" for name in names), *own]


def weight_title(weights: str) -> str:
    """What a person calls a choice of weights."""
    if weights == "imagenet" and not sources.imagenet_file().is_file():
        return f"{_TITLES[weights]} (not here yet)"
    if weights.startswith("run:"):
        run, moment = sources.split_run(weights)
        when = {"": "", "start": ", at its start"}.get(moment, f", after step {moment}")
        return f"Run {run}{when}"
    place, preprocessing = sources.split_choice(weights)
    return _TITLES.get(place, Path(place).name + f", {preprocessing}" * bool(preprocessing))


def _known_textures(weights: str) -> tuple[str, ...]:
    """The classes of a run that knows textures alone; none for all other weights."""
    if not weights.startswith("run:"):
        return ()
    from alexnet_viz.training.runs import read_run, run_named
    from alexnet_viz.training.textures import CLASS_NAMES

    try:
        names = read_run(run_named(sources.split_run(weights)[0])).class_names
    except RunError:
        return ()
    return names if set(names) <= set(CLASS_NAMES) else ()


def _variant() -> Variant:
    return VARIANT.selectbox()


def _own_checkpoint() -> str | None:
    """An uploaded or named checkpoint that fits a network; None until there is one."""
    st.caption("An AlexNet as PyTorch saves it (.pt, .pth, .ckpt, .bin, .pth.tar) or as .safetensors.")
    file = st.file_uploader("Checkpoint file", key="checkpoint") if permissions.current().checkpoints else None
    if file:
        claim(file.file_id)
    path = ""
    if permissions.current().roots != ():
        path = st.text_input("or a path on this machine", key="checkpoint_path", placeholder="/home/me/alexnet.pth")
    refused = st.session_state.setdefault("_refused_uploads", {})  # an upload's id: why
    if file and file.file_id in refused:
        st.error(markdown(refused[file.file_id]))
        return None
    chosen = ""
    try:
        chosen = _uploaded(file) if file else path.strip()
        if not chosen:
            return None
        from alexnet_viz.inspection.model import get

        get(_with_preprocessing(chosen, _preprocessings().get(chosen, TORCHVISION)))  # only what fits is the choice
        return chosen
    except UserError as error:
        st.error(markdown(str(error)))
        if file:
            refused[file.file_id] = str(error)
            sources.remove_upload(Path(chosen))
        return None


def _uploaded(file: UploadedFile) -> str:
    """The path under which an uploaded checkpoint is kept. Raises WeightsError."""
    kept = st.session_state.get("_uploaded_checkpoint", ("", ""))  # the upload's id and its path
    if kept[0] != file.file_id or not Path(kept[1]).is_file():
        kept = file.file_id, str(sources.save_upload(file.getvalue(), file.name))
        st.session_state._uploaded_checkpoint = kept
    return kept[1]


# --- how photos are prepared for a checkpoint of others ------------------------------------------


def _preprocessings() -> dict[str, str]:
    """What this visitor chose for each checkpoint."""
    return st.session_state.setdefault("_preprocessings", {})


def _with_preprocessing(place: str, preprocessing: str) -> str:
    return place if preprocessing == TORCHVISION else sources.with_preprocessing(place, preprocessing)


def _prepared(weights: str, link: str | None) -> str:
    """The weights with the preprocessing chosen for them, drawn as a choice where their file does not say it.

    ``link`` is the preprocessing that a link names, which was just opened.
    """
    if not sources.is_file_choice(weights) or sources.is_described(weights):
        st.session_state._preprocessing_of = None
        return weights
    if link or st.session_state.get("_preprocessing_of") != weights:
        _show_preprocessing(link or _preprocessings().get(weights))
    st.session_state._preprocessing_of = weights
    way = st.selectbox(
        "Preprocessing",
        [*PRESETS, _OWN],
        key="preprocessing_way",
        format_func=lambda key: PRESETS[key].name if key in PRESETS else "Own mean and std …",
        help="The colours that the network was trained on, which its file does not say. With the wrong ones it "
        "answers all photos alike, or by chance.",
    )
    chosen = way
    if way == _OWN:
        mean, std = (
            st.text_input(title, key=f"preprocessing_{title}", help="Red, green and blue, on a scale of 0 to 1.")
            for title in ("Mean", "Std")
        )
        try:
            chosen = own(mean, std)
        except WeightsError as error:
            st.error(markdown(str(error)))
            chosen = _preprocessings().get(weights, TORCHVISION)
    _preprocessings()[weights] = chosen
    address.show(_PREPROCESSING, chosen)
    return _with_preprocessing(weights, chosen)


def _show_preprocessing(chosen: str | None) -> None:
    """Set the widgets to a choice, to torchvision's where there is none or a link names one that cannot be."""
    try:
        way = colours(chosen or TORCHVISION)
    except WeightsError as error:
        st.warning(markdown(str(error)))
        chosen, way = TORCHVISION, PRESETS[TORCHVISION]
    st.session_state.preprocessing_way = _OWN if "/" in (chosen or "") else chosen or TORCHVISION
    for title, values in (("Mean", way.mean), ("Std", way.std)):
        st.session_state[f"preprocessing_{title}"] = ", ".join(f"{value:g}" for value in values)


def _offer_download(shown: str) -> None:
    """ImageNet's weights on request, with a progress bar; nothing takes their place unsaid."""
    st.info(f"The ImageNet weights are not on this machine. What you see is still: {markdown(weight_title(shown))}.")
    if not permissions.current().downloads:
        return
    if not st.button(f"Download ({sources.IMAGENET_MEGABYTES} MB)", icon=":material/download:", width="stretch"):
        return
    bar = st.progress(0.0, "Connecting …")

    def progress(done: int, total: int) -> None:
        bar.progress(min(1.0, done / total) if total else 0.0, f"{done >> 20} of {total >> 20} MB")

    try:
        sources.download_imagenet(progress)
    except UserError as error:
        bar.empty()
        st.error(markdown(str(error)))
    else:
        st.rerun()
