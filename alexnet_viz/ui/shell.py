"""The app's shell, run for every visitor: pages are scripts under pages/, what they share is the sidebar."""

from pathlib import Path

import streamlit as st

from alexnet_viz.components.copy_link import copy_link
from alexnet_viz.components.large_type import large_type
from alexnet_viz.ui import follow, preload, roles
from alexnet_viz.ui.shared import address
from alexnet_viz.ui.shared.error_boundary import error_boundary
from alexnet_viz.ui.shared.sharing import shared_origin, show_qr_code
from alexnet_viz.ui.shared.sidebar import devices, sidebar

HOME = Path(__file__).parents[2]

st.set_page_config(page_title="AlexNet, opened up", page_icon=str(HOME / "assets" / "icon.png"), layout="wide")
st.html(Path(__file__).with_name("shell.css"))
preload.begin()
roles.begin()  # before anything can be asked of the core

SEE = HOME / "pages" / "see"
classify = st.Page(SEE / "classify.py", title="Classify", icon=":material/image_search:")
architecture = st.Page(SEE / "architecture.py", title="Architecture", icon=":material/layers:")
playground = st.Page(SEE / "playground.py", title="Playground", icon=":material/grid_on:")
filters = st.Page(SEE / "filters.py", title="Filters", icon=":material/grain:")
activations = st.Page(SEE / "activations.py", title="Activations", icon=":material/blur_on:")
attribution = st.Page(SEE / "attribution.py", title="Attribution", icon=":material/center_focus_strong:")
model = st.Page(SEE / "network.py", title="Network", icon=":material/account_tree:")
units = st.Page(SEE / "units.py", title="Units", icon=":material/visibility:")
train = st.Page(HOME / "pages" / "train" / "train.py", title="Train", icon=":material/model_training:")
root = st.Page(lambda: None, title="Start", url_path="start", default=True, visibility="hidden")

seeing = [classify, architecture, model, filters, activations, units, attribution, playground]
all_pages = [root, *seeing, train]
page = st.navigation(all_pages, position="top")
if page == root:  # a default page has no path of its own, and a link must name its page
    st.switch_page(classify, query_params=st.query_params.to_dict())

address.begin(page.url_path)
with error_boundary():
    sidebar()
    with st.container(key="large_type_place"):
        large_type()
    with st.container(key="follow_place"):
        view = follow.follow()
    if view and view.page in (each.url_path for each in all_pages):
        address.expect_link()
        st.switch_page(next(each for each in all_pages if each.url_path == view.page), query_params=view.parameters)
    origin = shared_origin(st.context.url or "")
    with st.container(key="copy_link_place"), st.container(key="qr_code_offered" if origin else None):
        link = copy_link(origin, key="copy_link")
    with error_boundary():
        page.run()
    devices()
    if link:
        show_qr_code(link)
address.finish()
follow.lead(page.url_path)
preload.freeze_modules()
