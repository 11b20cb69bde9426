"""Attribution: Captum's methods and the CAM family on AlexNet, and measures of how faithful a map is."""
