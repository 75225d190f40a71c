import type { Actor, ActorClass, ArgsOf } from "../../kernel/actor.js";
import { BadArgumentError, whatCame } from "../../kernel/errors.js";
import type { NodeService } from "../node-port.js";
import type { PlacedKindSpec } from "./entity-host.js";
import { Entities } from "./entities.js";
import { checkClass, type EntityArgs, type EntityLimits, type EntityOptions, resolveLimits } from "./entity-options.js";
import { placedClassOf } from "./placed-class.js";
import { PlacedKind, type PlacementBase } from "./placed-kind.js";
import { Singleton } from "./singleton.js";

interface Declared {
  readonly kind: PlacedKind;
  readonly actorClass: ActorClass<Actor<unknown>>;
}

/** The arguments of a singleton, which may be left out when its `init` takes none. */
export type SingletonArgs<A> = [ArgsOf<A>] extends [void] ? [args?: undefined] : [args: ArgsOf<A>];

const DEFAULT_DRAIN_MS = 30_000;

/**
 * What runs where in a cluster: actors of which the whole cluster has one, by an id or by a name.
 *
 * Each node declares the same types and singletons, and takes its share. Who runs what is decided by the global names, never by a view of the
 * members that may be old: so there are never two.
 */
export class Placement implements NodeService {
  readonly #base: PlacementBase;
  readonly #declared = new Map<string, Declared>();

  constructor(base: PlacementBase) {
    this.#base = base;
    base.node.addService("placement", this);
  }

  /**
   * Declares a type of entities on this node, which runs its share of them from now on. Declared again it is the same one.
   *
   * @throws {BadArgumentError} for options that cannot be used, or a type that was declared with another class
   */
  entities<A extends Actor<never>>(type: string, options: EntityOptions<A>): Entities<A> {
    if (typeof type !== "string" || type === "" || type.includes("/"))
      throw new BadArgumentError(`Expected a type of entities without "/" in its name, got ${whatCame(type)}`);
    const { actorClass, args } = options;
    const nameOf = (id: string): string => `entity/${type}/${id}`;
    const argsOf: PlacedKindSpec["argsOf"] = ({ id, handedOver }, token): EntityArgs<unknown> => {
      return { id, token, args, handedOver };
    };
    const erased = checkClass(`entities of the type ${type}`, actorClass);
    const spec = { key: `entity/${type}`, title: type, nameOf, argsOf, always: undefined };
    const kind = this.#declare(spec, erased, options);
    return new Entities<A>(type, kind);
  }

  /**
   * Declares an actor that the cluster runs once, on one of the nodes that declare it. Declared again it is the same one.
   *
   * @throws {BadArgumentError} for a name or class that cannot be used, or a name that was declared with another class
   */
  singleton<A extends Actor<never>>(
    name: string,
    actorClass: ActorClass<A>,
    ...[args]: SingletonArgs<A>
  ): Singleton<A> {
    if (typeof name !== "string" || name === "")
      throw new BadArgumentError(`Expected the name of a singleton, got ${whatCame(name)}`);
    const erased = checkClass(`the singleton ${name}`, actorClass);
    const spec = { key: `singleton/${name}`, title: name, nameOf: () => name, argsOf: () => args, always: name };
    return new Singleton<A>(name, this.#declare(spec, erased, {}));
  }

  /**
   * Gives away all that this node runs, and takes nothing new; the others must know already that it drains, or that it leaves.
   *
   * Resolves when everything runs elsewhere, or there is no node that takes it; at the latest after `timeoutMs`, 30,000 by default. Returns how many
   * are left.
   */
  async drain(timeoutMs = DEFAULT_DRAIN_MS): Promise<number> {
    const left = await Promise.all([...this.#declared.values()].map(({ kind }) => kind.drain(timeoutMs)));
    return left.reduce((sum, count) => sum + count, 0);
  }

  received(): void {
    // Hosts speak to each other by messages.
  }

  missed(): void {
    // What was lost are calls and answers, and those who wait for them are told.
  }

  memberChanged(): void {
    for (const { kind } of this.#declared.values()) kind.changed();
  }

  fenced(): void {
    for (const { kind } of this.#declared.values()) kind.fenced();
  }

  #declare(
    spec: Omit<PlacedKindSpec, "placedClass">,
    actorClass: ActorClass<Actor<unknown>>,
    limits: EntityLimits,
  ): PlacedKind {
    const { key } = spec;
    const known = this.#declared.get(key);
    if (known === undefined) {
      const kind = new PlacedKind(
        { ...spec, placedClass: placedClassOf(actorClass) },
        resolveLimits(limits),
        this.#base,
      );
      this.#declared.set(key, { kind, actorClass });
      return kind;
    }
    if (known.actorClass === actorClass) return known.kind;
    throw new BadArgumentError(
      `Expected ${key} to be declared with the class ${known.actorClass.name} again, got ${actorClass.name}`,
    );
  }
}
