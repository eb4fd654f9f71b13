export { Link, type LinkProps } from "./link";
export { navigate, setQuery, withRange } from "./location";
export { fill, match, type Params } from "./match";
export { type Route, useQueryList, useQueryState, useRoute } from "./route";
export { isExternal, safeHref } from "./safe-href";
