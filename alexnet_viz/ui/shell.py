"""The app's shell, run for every visitor: pages are scripts under pages/, what they share is the sidebar."""

from pathlib import Path

import streamlit as st

from alexnet_viz.components.copy_link import copy_link
from alexnet_viz.ui import preload
from alexnet_viz.ui.shared import address
from alexnet_viz.ui.shared.error_boundary import error_boundary
from alexnet_viz.ui.shared.sidebar import devices, sidebar

HOME = Path(__file__).parents[2]

st.set_page_config(page_title="AlexNet, opened up", page_icon=str(HOME / "assets" / "icon.png"), layout="wide")
st.html(
    "<style>[data-testid='stMainBlockContainer'] { position: relative; padding: 4rem 2.5rem 4rem; }"
    # a portrait is shown whole on one screen
    ".st-key-whole_photo img { width: auto !important; max-width: 100%; max-height: 66vh; margin: 0 auto; }"
    # the active page's name is bold, and then wider than the bar has measured
    "[data-testid='stTopNav'] { padding-inline: 0.5rem; overflow: visible; }"
    # on an old projector or at 125 %: without icons every page is in the bar, and none behind "4 more"
    "@media (max-width: 1400px) { [data-testid='stTopNavLink'] > span:first-child { display: none; }"
    "[data-testid='stTopNavLink'] { padding-inline: 4px; } }"
    "@media (min-width: 768px) and (max-width: 1100px) { [data-testid='stTopNavLink'] p { font-size: 0.8rem; }"
    "[data-testid='stSidebar'][data-collapsed='false'] { width: 236px !important; min-width: 236px !important; } }"
    # beside the page's title, out of its flow; on a phone the title needs the whole width
    "@media (min-width: 640px) { [data-testid='stLayoutWrapper']:has(> .st-key-copy_link_place) "
    "{ position: absolute; top: 4.4rem; right: 2.5rem; width: auto; z-index: 5; }"
    ".st-key-title_row, .st-key-errors_of_callbacks { padding-right: 3.5rem; } }</style>"
)
preload.begin()

SEE = HOME / "pages" / "see"
classify = st.Page(SEE / "classify.py", title="Classify", icon=":material/image_search:")
architecture = st.Page(SEE / "architecture.py", title="Architecture", icon=":material/layers:")
playground = st.Page(SEE / "playground.py", title="Playground", icon=":material/grid_on:")
filters = st.Page(SEE / "filters.py", title="Filters", icon=":material/grain:")
activations = st.Page(SEE / "activations.py", title="Activations", icon=":material/blur_on:")
attribution = st.Page(SEE / "attribution.py", title="Attribution", icon=":material/center_focus_strong:")
model = st.Page(SEE / "network.py", title="Network", icon=":material/account_tree:")
train = st.Page(HOME / "pages" / "train" / "train.py", title="Train", icon=":material/model_training:")
root = st.Page(lambda: None, title="Start", url_path="start", default=True, visibility="hidden")

seeing = [classify, architecture, model, filters, activations, attribution, playground]
page = st.navigation([root, *seeing, train], position="top")
if page == root:  # a default page has no path of its own, and a link must name its page
    st.switch_page(classify, query_params=st.query_params.to_dict())

address.begin()
with error_boundary():
    sidebar()
    with st.container(key="copy_link_place"):
        copy_link(key="copy_link")
    with error_boundary():
        page.run()
    devices()
address.finish()
