"""Why the network said what it said: Captum's methods and the CAM family, and the means to doubt each of them."""
