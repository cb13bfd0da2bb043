import { trendAltText } from "../findings/chart/trend-alt-text.ts";
import type { TrendJob } from "../findings/chart/trend-job.ts";
import type { ExperimentHistory } from "../findings/comparison/history.ts";
import type { Picture } from "../run/past/picture.ts";
import type { PastService } from "../run/past/service.ts";
import { inTransaction, type Database } from "../store/database.ts";
import { oneAtATime } from "../store/one-at-a-time.ts";
import { notePictureDrawn, pictureName, undrawnPictures } from "../store/pictures.ts";
import type { MessagePayload } from "./narrate.ts";
import { wantMessages } from "./store/outbox.ts";
import { pictureComment, pictureFailed } from "./views/picture.ts";

export interface PicturesOptions {
  database: Database;
  past: Pick<PastService, "history">;
  /** Draws a PNG; it rejects when it cannot. */
  draw: (job: TrendJob) => Promise<Buffer>;
  onWanted: () => void;
  onError: (error: unknown) => void;
}

const pollMs = 500;
const atOnce = 3;

/**
 * Draws the pictures that somebody asked for, and hands each to the outbox once. Beside the narrator and not in it: drawing
 * takes a second or two, for which no run's thread should stand still.
 */
export function startPictures(options: PicturesOptions): { stop(): Promise<void> } {
  const look = oneAtATime(async () => {
    for (const picture of await undrawnPictures(options.database, atOnce)) {
      if (await drawPicture(options, picture)) options.onWanted();
    }
  }, options.onError);
  const timer = setInterval(look.go, pollMs);
  return {
    stop: async () => {
      clearInterval(timer);
      await look.over();
    },
  };
}

/**
 * Draws one and wants it posted. Two bots may draw the same beside each other: the first to note it posts it. One that
 * cannot be drawn is said in words, and is not tried for ever. True: something new is wanted.
 */
export async function drawPicture(options: PicturesOptions, picture: Picture): Promise<boolean> {
  const { database, past } = options;
  const { id, channelId } = picture;
  const { experiment, cluster, last } = picture.of;
  const filter = { experiment, ...(cluster === undefined ? {} : { cluster }), endedBefore: picture.at };
  const history = await past.history(filter, last);
  const bytes = history === null ? null : await drawn(options, picture, history);
  const payload: MessagePayload =
    bytes === null || history === null
      ? { kind: "message", ...pictureFailed(history) }
      : {
          kind: "files",
          comment: pictureComment(history),
          files: [{ name: pictureName, altText: trendAltText(history) }],
        };
  return inTransaction(database, async (client) => {
    if (!(await notePictureDrawn(client, id, bytes))) return false;
    await wantMessages(client, id, channelId, [{ key: "card", position: 0, inThread: false, payload }]);
    return true;
  });
}

async function drawn(
  { draw, onError }: PicturesOptions,
  { of }: Picture,
  history: ExperimentHistory,
): Promise<Buffer | null> {
  try {
    return await draw({ history, theme: of.theme });
  } catch (error) {
    onError(error);
    return null;
  }
}
