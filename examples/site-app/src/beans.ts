import type { ImageName } from "./images";

/** Pictures of beans: whatever data/beans.csv has a row for. */
export type BeanPicture = Extract<ImageName, `beans/${string}`>;

export interface Bean {
  readonly title: string;
  readonly sow: string;
  readonly words: string;
}

/** Words for each picture: one without words, or words without a picture, are an error of the build. */
export const beans: Record<BeanPicture, Bean> = {
  "beans/borlotti": { title: "Borlotti", sow: "May", words: "Creamy and sweet. The flecks fade in the pot; the taste doesn’t." },
  "beans/painted-lady": { title: "Painted Lady", sow: "June", words: "Grown for two centuries for its flowers, and then eaten after all." },
  "beans/black-turtle": { title: "Black Turtle", sow: "May", words: "Small, firm and dark as a wet road. Makes its own ink of a broth." },
  "beans/yin-yang": { title: "Yin Yang", sow: "May", words: "Every bean is half of each. Nobody has found one that disagrees." },
  "beans/cherokee-wax": { title: "Cherokee Wax", sow: "April", words: "Yellow pods that are easy to find, even for those sent out to help." },
  "beans/blue-lake": { title: "Blue Lake", sow: "June", words: "Climbs whatever you give it. Pick daily, or it thinks it is done." },
};
