"""All attribution methods by key: the card of each. No torch here."""

from __future__ import annotations

from alexnet_viz.attribution import cams
from alexnet_viz.attribution.method import Method
from alexnet_viz.errors import AttributionError
from alexnet_viz.settings import Setting

BASELINES = ("black", "mean", "blur", "noise", "photo")

_BASELINE = Setting(
    "baseline",
    "choice",
    "black",
    "Baseline",
    "What stands for “nothing there”: black, the mean colour of the training photos, the photo blurred, noise, or "
    "another photo.",
    options=BASELINES,
)
_FILL = Setting(
    "baseline", "choice", "mean", "Filled with", "What takes the place of the hidden part.", options=BASELINES
)
_SEED = Setting("seed", "int", 0, "Seed", "The same seed draws the same noise.", 0, 9999)
_ABSOLUTE = Setting(
    "absolute", "bool", True, "Magnitude only", "Takes the sign off each colour before the colours are summed."
)
_STEPS = Setting("steps", "int", 50, "Steps", "Places on the line from the baseline to the photo.", 2, 300)
_PARTS = Setting(
    "parts",
    "choice",
    "superpixels",
    "Parts",
    "Superpixels follow the photo's colours; a grid does not.",
    options=("superpixels", "grid"),
)
_COUNT = Setting("count", "int", 49, "Number of parts", "About how many; finer parts need more samples.", 4, 400)
_RULE = Setting(
    "rule",
    "choice",
    "accumulated",
    "Rule for pooling",
    "Overlapping pooling windows: shares that add up, or Captum's own way, which loses some.",
    options=("accumulated", "captum"),
)


def _samples(default: int, high: int = 200) -> Setting:
    return Setting("samples", "int", default, "Samples", "More samples: a steadier map, and more time.", 2, high)


def _noise(default: float) -> Setting:
    text = "Standard deviation of the noise, as a share of the photo's range of values."
    return Setting("noise", "float", default, "Noise", text, 0.0, 1.0)


_GRADIENTS = (
    Method(
        "saliency",
        "Saliency",
        "How much would the answer move if this pixel changed a little?",
        "1 forward + 1 backward",
        (_ABSOLUTE,),
        "Simonyan, Vedaldi, Zisserman 2013, arXiv:1312.6034",
        (
            "It tells what would change the answer, not what made it.",
            "Noisy: neighbouring pixels differ because of strides and pooling, not because of the photo.",
            "Where the network is saturated the gradient is small although the pixel matters.",
        ),
        "pixels.saliency",
        signed=False,
    ),
    Method(
        "input-x-gradient",
        "Input × gradient",
        "How much of the answer would each pixel carry, were the network linear?",
        "1 forward + 1 backward",
        (),
        "Shrikumar, Greenside, Shcherbina, Kundaje 2016, arXiv:1605.01713",
        (
            "Pixels of the training photos' mean colour get zero, whatever they show.",
            "The photo's own edges shine through, whatever the network does.",
        ),
        "pixels.input_x_gradient",
    ),
    Method(
        "integrated-gradients",
        "Integrated gradients",
        "How does the answer grow, pixel by pixel, on the way from the baseline to the photo?",
        "50 forward + 50 backward (steps)",
        (_STEPS, _BASELINE, _SEED),
        "Sundararajan, Taly, Yan 2017, arXiv:1703.01365",
        (
            "It depends on the baseline: with black, black pixels get zero, even the black of a black cat.",
            "It adds up to the change of the logit only as far as the convergence delta says.",
            "The photos on the way are like none the network was trained on.",
        ),
        "pixels.integrated_gradients",
        slow=True,
    ),
    Method(
        "smoothgrad",
        "SmoothGrad",
        "Which part of the saliency stays when the photo is a little noisy?",
        "25 forward + 25 backward (samples)",
        (_samples(25), _noise(0.15), _ABSOLUTE, _SEED),
        "Smilkov, Thorat, Kim, Viégas, Wattenberg 2017, arXiv:1706.03825",
        (
            "A smoother map is not a truer one: much noise explains the answer to noisy photos.",
            "The map depends on the noise as much as on the network.",
        ),
        "pixels.smoothgrad",
        signed=False,
        slow=True,
    ),
    Method(
        "vargrad",
        "VarGrad",
        "Where does the gradient change most when the photo is a little noisy?",
        "25 forward + 25 backward (samples)",
        (_samples(25), _noise(0.15), _SEED),
        "Adebayo, Gilmer, Goodfellow, Kim 2018, arXiv:1810.03307",
        (
            "A variance has no sign: it does not tell for from against.",
            "It hardly depends on the mean gradient, so it can light up where Saliency is dark.",
        ),
        "pixels.vargrad",
        signed=False,
        slow=True,
    ),
    Method(
        "gradient-shap",
        "Gradient SHAP",
        "What does each pixel add, over noisy photos and random places on the way from the baseline?",
        "25 forward + 25 backward (samples)",
        (_samples(25), _noise(0.09), _BASELINE, _SEED),
        "Lundberg, Lee 2017, arXiv:1705.07874; Erion et al. 2019, arXiv:1906.10670",
        (
            "An estimate: another seed gives another map, and the sum is met on average only.",
            "It depends on the baseline, as integrated gradients does.",
        ),
        "pixels.gradient_shap",
        slow=True,
    ),
    Method(
        "deeplift",
        "DeepLift",
        "How is the difference to the baseline's answer shared out, layer by layer, among the pixels?",
        "2 forward + 1 backward",
        (_BASELINE, _RULE, _SEED),
        "Shrikumar, Greenside, Kundaje 2017, arXiv:1704.02685 (rescale rule)",
        (
            "Captum's rule misses the sum on AlexNet by a fifth up to several times: its shares get lost where pooling "
            "windows overlap. The sum check tells.",
            "It depends on the baseline.",
            "Contributions that cancel inside the network stay hidden.",
        ),
        "deeplift.deeplift",
    ),
    Method(
        "deeplift-shap",
        "DeepLift SHAP",
        "What does DeepLift say on average over many baselines?",
        "16 forward + 8 backward (samples)",
        (
            _samples(8, 64),
            Setting(
                "baselines",
                "choice",
                "colours",
                "Baselines",
                "Photos of one random colour each, or of noise.",
                options=("colours", "noise"),
            ),
            _RULE,
            _SEED,
        ),
        "Lundberg, Lee 2017, arXiv:1705.07874",
        ("The average hides how much the baselines disagree.", "Captum's rule for pooling misses the sum."),
        "deeplift.deeplift_shap",
        slow=True,
    ),
    Method(
        "guided-backprop",
        "Guided backprop",
        "Which edges pass every ReLU in both directions?",
        "1 forward + 1 backward",
        (),
        "Springenberg, Dosovitskiy, Brox, Riedmiller 2014, arXiv:1412.6806",
        (
            "It hardly depends on the class: it redraws the photo's edges (Nie, Zhang, Patel 2018).",
            "It hardly depends on the upper layers' weights: see cascading randomisation (Adebayo et al. 2018).",
        ),
        "captum_copy.guided_backprop",
    ),
    Method(
        "deconvolution",
        "Deconvolution",
        "What would the layers draw if they ran backwards?",
        "1 forward + 1 backward",
        (),
        "Zeiler, Fergus 2013, arXiv:1311.2901",
        (
            "It ignores which ReLUs were open; only pooling remembers the photo.",
            "It hardly depends on the class, and strides leave a grid in it.",
        ),
        "captum_copy.deconvolution",
    ),
    Method(
        "guided-grad-cam",
        "Guided Grad-CAM",
        "Which of guided backprop's edges lie where Grad-CAM points?",
        "2 forward + 2 backward",
        (),
        "Selvaraju et al. 2017, arXiv:1610.02391",
        (
            "Only Grad-CAM's coarse part knows the class; the fine lines are guided backprop's edges.",
            "Blank where Grad-CAM is negative everywhere.",
        ),
        "captum_copy.guided_grad_cam",
        layered=True,
    ),
    Method(
        "lrp",
        "LRP",
        "How is the answer handed back, layer by layer, in proportion to what each input added?",
        "2 forward + 1 backward",
        (
            Setting(
                "rule",
                "choice",
                "epsilon",
                "Rule",
                "Epsilon everywhere, or only positive parts (α1β0) in the convolutions.",
                options=("epsilon", "composite"),
            ),
        ),
        "Bach et al. 2015, doi:10.1371/journal.pone.0130140",
        (
            "It has no rule for response normalisation: on the network of 2012 it does not hold; take DeepLift there.",
            "With the epsilon rule it is nearly input × gradient in a network of ReLUs.",
            "Biases keep a part of the relevance, so that the map does not add up to the logit.",
            "The composite rule shows only what is for the class and hardly depends on it.",
        ),
        "captum_copy.lrp",
    ),
)

_PERTURBATION = (
    Method(
        "occlusion",
        "Occlusion",
        "What does the answer lose when a square hides this place?",
        "169 forward, from the touched part on (window, stride)",
        (
            Setting("window", "int", 32, "Window", "Side of the square in pixels of the network's input.", 4, 128),
            Setting("stride", "int", 16, "Stride", "Step from one square to the next.", 2, 64),
            _FILL,
            _SEED,
        ),
        "Zeiler, Fergus 2013, arXiv:1311.2901",
        (
            "The square's own edges can speak for or against a class.",
            "What is shown twice in the photo is missed: hiding one leaves the other.",
            "A stride larger than the window leaves gaps of zero.",
        ),
        "occlusion.occlusion",
        slow=True,
    ),
    Method(
        "feature-ablation",
        "Feature ablation",
        "What does the answer lose when one part is hidden?",
        "49 forward (parts)",
        (_PARTS, _COUNT, _FILL, _SEED),
        "Kokhlikyan et al. 2020, arXiv:2009.07896 (Captum)",
        (
            "One part at a time: parts that replace each other all look unimportant.",
            "Each pixel shows its whole part's effect: large parts look large.",
        ),
        "perturbation.feature_ablation",
        slow=True,
    ),
    Method(
        "lime",
        "LIME",
        "Which parts would a linear model, good near this photo, count for the answer?",
        "300 forward (samples)",
        (_PARTS, _COUNT, _samples(300, 2000), _FILL, _SEED),
        "Ribeiro, Singh, Guestrin 2016, arXiv:1602.04938",
        (
            "Another seed, other parts or another width of “near” give another map.",
            "Captum's own defaults give zero everywhere where logits are small; here ridge regression is fitted.",
        ),
        "perturbation.lime",
        slow=True,
    ),
    Method(
        "kernel-shap",
        "Kernel SHAP",
        "What does each part add on average over all orders in which the parts could appear?",
        "300 forward (samples)",
        (_PARTS, _COUNT, _samples(300, 2000), _FILL, _SEED),
        "Lundberg, Lee 2017, arXiv:1705.07874",
        (
            "An estimate from few of very many combinations: look at it with another seed.",
            "Photos with half their parts hidden are like none the network was trained on.",
        ),
        "perturbation.kernel_shap",
        slow=True,
    ),
    Method(
        "rise",
        "RISE",
        "Which places were visible when the answer was strong, over random soft masks?",
        "400 forward (samples)",
        (
            _samples(400, 4000),
            Setting("cells", "int", 7, "Cells", "Cells of a mask along one side.", 2, 28),
            Setting(
                "kept", "float", 0.5, "Share kept", "The share of the photo that a mask leaves visible.", 0.05, 0.95
            ),
            _FILL,
            _SEED,
        ),
        "Petsiuk, Das, Saenko 2018, arXiv:1806.07421",
        (
            "Noisy with few masks: the authors take thousands.",
            "Scores are logits without their mean, so that the map has both signs; the authors take probabilities.",
        ),
        "perturbation.rise",
        slow=True,
    ),
)


_LAYER_MAPS = (
    *cams.METHODS,
    Method(
        "conductance",
        "Conductance",
        "How much of what integrated gradients counts flows through this place of the layer?",
        "50 forward + 50 backward (steps)",
        (Setting("steps", "int", 20, "Steps", _STEPS.help, 2, 200), _BASELINE, _SEED),
        "Dhamdhere, Sundararajan, Yan 2018, arXiv:1805.12233",
        ("It depends on the baseline.", "It adds up only as far as the convergence delta says."),
        "captum_copy.conductance",
        layered=True,
        slow=True,
    ),
)

METHODS: dict[str, Method] = {card.key: card for card in (*_GRADIENTS, *_PERTURBATION, *_LAYER_MAPS)}


def method(key: str) -> Method:
    """A method by its key. Raises AttributionError."""
    if key not in METHODS:
        raise AttributionError(f"There is no method {key!r}: choose one of {', '.join(METHODS)}.")
    return METHODS[key]
