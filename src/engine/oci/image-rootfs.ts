// What a start with an image needs besides, as one bundle that no other start reads.
export { openStoredImage } from "../images/stored-image.js";
export { IMAGE_PERL, toImageSteps } from "./to-image-steps.js";
