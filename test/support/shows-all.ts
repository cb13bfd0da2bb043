/** For what has read no secret of a target: there is nothing to hide. */
export const showsAll = { hide: <T>(value: T): T => value };
