import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { classes } from "./class-names";
import { Icon } from "./icon";
import "./tree.css";

export interface TreeNode {
  id: string;
  content: ComponentChildren;
  children?: readonly TreeNode[];
  /** The reader is to see it: a route that matches, a step that is slow. */
  marked?: boolean;
}

export interface TreeProps {
  nodes: readonly TreeNode[];
  label: string;
}

/** Nested lists that can be folded, all open at first. */
export function Tree({ nodes, label }: TreeProps) {
  return (
    <ul class="tree" aria-label={label}>
      {nodes.map((node) => (
        <Branch key={node.id} node={node} />
      ))}
    </ul>
  );
}

function Branch({ node }: { node: TreeNode }) {
  const [isOpen, setOpen] = useState(true);
  const children = node.children ?? [];
  return (
    <li>
      <div class={classes("tree-row", node.marked && "is-marked")}>
        {children.length > 0 ? (
          <button
            type="button"
            class="tree-fold"
            aria-expanded={isOpen}
            aria-label={isOpen ? "Fold" : "Unfold"}
            onClick={() => setOpen(!isOpen)}
          >
            <Icon name={isOpen ? "down" : "right"} size={14} />
          </button>
        ) : (
          <span class="tree-fold" />
        )}
        <div class="tree-content">{node.content}</div>
      </div>
      {isOpen && children.length > 0 && (
        <ul>
          {children.map((child) => (
            <Branch key={child.id} node={child} />
          ))}
        </ul>
      )}
    </li>
  );
}
