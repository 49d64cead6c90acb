import type { FromInterpreter } from "../language/link.ts";
import { encode } from "../protocol/frames.ts";
import type { Received } from "../protocol/messages.ts";
import type { Signer } from "../protocol/signer.ts";
import type { Composer } from "./composer.ts";
import type { RequestSocket } from "./sockets.ts";

/** A question that a cell asks the person at its notebook. */
type Question = Extract<FromInterpreter, { type: "input" }>;

interface Asked {
  readonly id: string;
  readonly question: Question;
  readonly identity: string;
}

/** The questions that wait for an answer, each with the client that it was sent to. */
export class Questions {
  readonly #socket: RequestSocket;
  readonly #composer: Composer;
  readonly #signer: Signer;
  #asked: Asked[] = [];

  constructor(socket: RequestSocket, composer: Composer, signer: Signer) {
    this.#socket = socket;
    this.#composer = composer;
    this.#signer = signer;
  }

  /** Sends a question to the client that runs the cell. */
  ask(question: Question, request: Received): void {
    const message = this.#composer.compose("input_request", { prompt: question.prompt, password: question.password }, request.message.header);
    this.#asked.push({ id: message.header.msg_id, question, identity: identityOf(request) });
    this.#socket.send(encode(message, request.identities, this.#signer));
  }

  /** The question that an `input_reply` answers: the one it names, or else the oldest that its client was asked. */
  take(reply: Received): Question | undefined {
    const { parent } = reply.message;
    const own = this.#asked.filter(({ identity }) => identity === identityOf(reply));
    const answered = own.find(({ id }) => id === parent.msg_id) ?? (isQuestion(parent.msg_type) ? undefined : own[0]);
    this.#asked = this.#asked.filter((each) => each !== answered);
    return answered?.question;
  }

  /** An interrupt has ended what waited for answers. */
  forgetAll(): void {
    this.#asked = [];
  }

  /** A cell has ended: nobody waits for its answers any more. */
  forget(cell: number): void {
    if (this.#asked.length > 0) this.#asked = this.#asked.filter(({ question }) => question.cell !== cell);
  }
}

/** Clients that name a parent at all name the question; an answer to one that is over is nobody's. */
const isQuestion = (type: string | undefined): boolean => type === "input_request";

function identityOf({ identities }: Received): string {
  return identities.map((identity) => Buffer.from(identity).toString("hex")).join("/");
}
