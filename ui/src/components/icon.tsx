// Small drawings in the colour of their text, 16 units wide, drawn with lines of 1.5.

const PATHS = {
  now: "M8 2.5v5.5l3.5 2M8 14.5a6.5 6.5 0 1 1 0-13 6.5 6.5 0 0 1 0 13z",
  services: "M2 2.5h5v5H2zM9.5 2.5h4.5v5H9.5zM2 9.5h5v4H2zM9.5 9.5h4.5v4H9.5z",
  slos: "M8 13.5a5.5 5.5 0 1 1 0-11 5.5 5.5 0 0 1 0 11zM.5 8h15",
  alerts:
    "M8 1.8v1.4M3.5 11.5c1-1.2 1-2.3 1-4.3a3.5 3.5 0 0 1 7 0c0 2 0 3.100 1 4.300zM6.600 13.500a1.500 1.500 0 0 0 2.800 0",
  rules: "M3 3.500h10M3 8h10M3 12.500h6",
  routes: "M3 3v10M3 5.500h5M3 11.500h5M11.500 5.500h1.500M11.500 11.500h1.500M8 3.500h3.500v4H8zM8 9.500h3.500v4H8z",
  silences:
    "M2 2l12 12M4.600 6.500c-.1 2.500 0 3.700-1.100 5h8M6 4.300a3.500 3.500 0 0 1 5.500 2.900c0 .8 0 1.500.1 2M6.600 13.500a1.500 1.500 0 0 0 2.800 0",
  inhibitions: "M8 14.500a6.500 6.500 0 1 1 0-13 6.500 6.500 0 0 1 0 13zM3.500 3.500l9 9",
  gateway: "M1.500 8h4M10.500 4h4M10.500 12h4M5.500 8l5-4M5.500 8l5 4M5.500 8h9",
  explore: "M1.500 13.500h13M2.500 11l3.500-5 3 3 4.500-6.500",
  metrics: "M3 13.500v-5M6.500 13.500v-10M10 13.500v-7M13.500 13.500v-3",
  hosts: "M2 3h12v4H2zM2 9h12v4H2zM4.500 5h.1M4.500 11h.1",
  system:
    "M8 10.500a2.500 2.500 0 1 1 0-5 2.500 2.500 0 0 1 0 5zM8 1.500v2M8 12.500v2M1.500 8h2M12.500 8h2M3.400 3.400l1.400 1.400M11.200 11.200l1.400 1.400M12.600 3.400l-1.400 1.400M4.800 11.200l-1.400 1.400",
  ok: "M8 14.500a6.500 6.500 0 1 1 0-13 6.500 6.500 0 0 1 0 13zM5 8.200l2.100 2.100L11 6",
  info: "M8 14.500a6.500 6.500 0 1 1 0-13 6.500 6.500 0 0 1 0 13zM8 7.200v4M8 4.800v.1",
  warning: "M8 1.800l6.700 12H1.300zM8 6.200v3.600M8 11.700v.1",
  critical: "M5.200 1.500h5.600l3.700 3.700v5.600l-3.700 3.700H5.200l-3.700-3.700V5.200zM8 4.500v4.200M8 11v.1",
  unknown:
    "M6 6.200a2 2 0 1 1 2.700 1.900c-.5.2-.7.600-.7 1.300M8 11.700v.1M2.600 4.400A6.500 6.500 0 0 1 5.100 2.200M10.900 2.200a6.500 6.500 0 0 1 2.500 2.200M14.400 9.200a6.500 6.500 0 0 1-1.500 3M9.500 14.300a6.500 6.500 0 0 1-3 0M3.100 12.200a6.500 6.500 0 0 1-1.500-3",
  muted: "M8 14.500a6.500 6.500 0 1 1 0-13 6.500 6.500 0 0 1 0 13zM5 8h6",
  search: "M7 12a5 5 0 1 1 0-10 5 5 0 0 1 0 10zM10.700 10.700l3.800 3.800",
  close: "M3.500 3.500l9 9M12.500 3.500l-9 9",
  copy: "M5.500 5.500h8v8h-8zM10.500 5.500v-3h-8v8h3",
  down: "M4 6l4 4 4-4",
  right: "M6 4l4 4-4 4",
  left: "M10 4L6 8l4 4",
  up: "M4 10l4-4 4 4",
  more: "M3.500 8h.1M8 8h.1M12.500 8h.1",
  columns: "M2 3h12v10H2zM6 3v10M10 3v10",
  download: "M8 2v8M4.500 7L8 10.500 11.500 7M2.500 13.500h11",
  external: "M9.500 2.500h4v4M13.500 2.500L7.500 8.500M11.500 9.500v4h-9v-9h4",
  evidence: "M2 13.500h12M3.500 11V8M6.500 11V5M9.500 11V7M12.500 11V3",
  theme: "M8 14.500a6.500 6.500 0 1 1 0-13 6.500 6.500 0 0 1 0 13zM8 1.500v13M8 4h5M8 8h6.500M8 12h5",
  live: "M8 9.500a1.500 1.500 0 1 1 0-3 1.500 1.500 0 0 1 0 3zM4.500 11.500a5 5 0 0 1 0-7M11.500 4.500a5 5 0 0 1 0 7M2.300 13.700a8 8 0 0 1 0-11.400M13.700 2.300a8 8 0 0 1 0 11.400",
  pause: "M5.500 3.500v9M10.500 3.500v9",
  help: "M6 6.200a2 2 0 1 1 2.700 1.900c-.5.200-.7.600-.7 1.300M8 11.700v.1M8 14.500a6.500 6.500 0 1 1 0-13 6.500 6.500 0 0 1 0 13z",
  menu: "M2 4h12M2 8h12M2 12h12",
  again: "M13.500 8a5.500 5.500 0 1 1-1.700-4M13.500 1.500V4.500H10.500",
  filter: "M2 3h12l-4.500 5.500v4.500l-3-1.500V8.500z",
  plus: "M8 3v10M3 8h10",
} as const;

export type IconName = keyof typeof PATHS;

export interface IconProps {
  name: IconName;
  /** Pixels, 16 by default. */
  size?: number;
  class?: string;
}

/** Decoration: the word beside it says the same. */
export function Icon({ name, size = 16, class: extra }: IconProps) {
  return (
    <svg
      class={extra === undefined ? "icon" : `icon ${extra}`}
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.5"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
