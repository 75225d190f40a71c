/** The command line was wrong; the text says what was expected and what came. Exit code 1. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly code = "usage";
}

const EXIT_CODES = `Exit codes
  0  done
  1  wrong usage, or more than one server fits
  2  no server there, or it cannot be connected to
  3  the server's answer was not understood, or was an error
`;

const CHOICE = `  --name NAME    the server of this name
  --pid PID      the server with this process id
  --socket PATH  the server that listens on this inspector socket
`;

const HELP = `holdfast shows what is alive in a running Holdfast server, and hands its clients
over.

Usage: holdfast <command> [options]

Commands
  tree           the live supervision tree
  info ACTOR     one actor in detail, by its name or its ref
  list           the servers that run here
  connections    who is connected, and how many were turned away
  drain          tells all clients to come back, so many a second

Options
  --help         this text, or that of a command: holdfast tree --help
  --version      the version of holdfast

A server is found if it runs as the same user on this machine and has its
inspector open.

${EXIT_CODES}`;

const TREE = `Usage: holdfast tree [options]

Prints the live supervision tree: supervisors with their strategy and their
restarts (k/max in t), connections, sessions, channels, lease managers, and
every other actor with its life and its mailbox. With one server running, no
option is needed.

Options
${CHOICE}  --all          every child, up to 5,000 rows; without it the first 50 of each
                 parent, up to 500 rows
  --watch        draws again each second, until Ctrl-C
  --json         the snapshot as JSON; with --watch one line each second
  --ascii        draws the lines with ASCII characters only
  --help         this text

Colours are used on a terminal, unless NO_COLOR is set or TERM is dumb.

${EXIT_CODES}`;

const INFO = `Usage: holdfast info ACTOR [options]

Prints one actor: what it is, what it does, what its formatStatus shows, and
its children. ACTOR is a registered name, or a ref such as 0.12 or '<0.12>' (in
quotes, because the shell takes < for itself).

Options
${CHOICE}  --json         the same as JSON
  --ascii        draws the lines with ASCII characters only
  --help         this text

${EXIT_CODES}`;

const LIST = `Usage: holdfast list [options]

Prints the servers of the current user that run on this machine and have their
inspector open, oldest first.

Options
  --json         the same as JSON, with the path of each socket
  --help         this text

${EXIT_CODES}`;

const DRAIN = `Usage: holdfast drain [options]

Hands over all clients of a server: tells them, so many a second and each at its
own moment, to come back to whoever answers then. What they have sent is handled
before. Until all have been told the server takes no new connections: they are
told when to come back, and GET /ready says 503.

Shows what will happen and asks. Without a terminal it needs --yes; without
that, nothing is done. Works on servers whose program has opened the action:
openInspector(system, { actions: { drain: true } }).

Ctrl-C ends the watching only: the drain goes on, and the same command shows it
again. With --cancel it ends where it is, and new connections are taken again.

Options
${CHOICE}  --per-second N clients a second, 0.1 to 100,000. Default 100
  --stay-closed  takes no new connections afterwards either, until the server is
                 stopped or the drain cancelled
  --cancel       ends the drain that is under way; asks nothing
  --endpoint E   the endpoint of this name. Default endpoint
  --yes          does not ask
  --json         a line of JSON for the plan, each step, and the end
  --help         this text

Exit codes
  0    all have been told
  1    wrong usage, or more than one server fits
  2    no server there, or it cannot be connected to; or it was not confirmed
  3    the server does not allow it, or its answer was not understood or was an
       error; or the drain broke off
  130  Ctrl-C: the drain goes on unwatched
`;

const CONNECTIONS = `Usage: holdfast connections [options]

Prints what an endpoint knows of its clients: connections and sessions, and how
many were turned away since it started, by reason.

Options
${CHOICE}  --endpoint E   the endpoint of this name. Default endpoint
  --json         the same as JSON
  --help         this text

${EXIT_CODES}`;

/** The commands and the help text of each. */
export const COMMAND_HELP = { tree: TREE, info: INFO, list: LIST, connections: CONNECTIONS, drain: DRAIN } as const;

/** The name of a command. */
export type CommandName = keyof typeof COMMAND_HELP;

/** The help text of the whole tool. */
export const MAIN_HELP = HELP;

/** Tells whether there is a command of that name. */
export function isCommandName(word: string): word is CommandName {
  return Object.hasOwn(COMMAND_HELP, word);
}
