// What is in a campaign and what joins it, drawn with WebGL; the table beside it says the same in words.
import Graph from 'graphology';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import Sigma from 'sigma';
import type { Attributes } from 'graphology-types';
import type { LayoutRequest, LayoutStep } from '../layout_worker';
import { groupOf, kGroupWords } from '../words';
import type { Group } from '../words';
import { Icon, kIcons } from './basics';
import type { Member, Tie } from './members';
import { theme } from './shell';

declare const LAYOUT_WORKER: string;

const kGroupsInOrder: Group[] = ['contact', 'web', 'money', 'device'];
const kGolden = Math.PI * (3 - Math.sqrt(5));

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

interface Colours { groups: Record<Group, string>; line: string; cut: string; cutOfMany: string; bridge: string; text: string; panel: string; faded: string }
function coloursNow(): Colours {
  return {
    groups: { contact: colour('--contact'), web: colour('--web'), money: colour('--money'), device: colour('--device') },
    line: colour('--edge'), cut: colour('--block'), cutOfMany: colour('--block-soft'), bridge: colour('--challenge'), text: colour('--text'),
    panel: colour('--panel'), faded: colour('--line'),
  };
}

// The best in the middle, the others round it like a sunflower's seeds: the same each time.
function build(members: Member[], ties: Tie[], colours: Colours): Graph {
  // Many have to share the same room.
  const scale = Math.min(1, Math.sqrt(600 / members.length));
  const graph = new Graph({ type: 'undirected', multi: false });
  for (const member of members) {
    const r = Math.sqrt(member.index + 0.5);
    graph.addNode(member.index, {
      x: r * Math.cos(member.index * kGolden), y: r * Math.sin(member.index * kGolden),
      size: Math.max(1.2, scale * (2.5 + Math.min(12, 2.2 * Math.log2(1 + member.incidents)))),
      label: member.value, color: colours.groups[groupOf(member.type)],
    });
  }
  for (const tie of ties) {
    const isThin = tie.splitsOff > 1;
    graph.mergeEdge(tie.first, tie.second, {
      size: (isThin ? 2.5 : Math.min(3, 0.6 + 0.4 * Math.log2(1 + tie.incidents))) * (ties.length > 4_000 ? 0.5 : 1),
      // Of many the strong colour would hide all else.
      color: tie.cut ? (ties.length > 4_000 ? colours.cutOfMany : colours.cut) : isThin ? colours.bridge : colours.line,
      weight: tie.cut ? 0.02 : 1 + Math.log2(1 + tie.incidents),
    });
  }
  return graph;
}

function layoutRequest(graph: Graph): LayoutRequest {
  const request: LayoutRequest = {
    x: new Float32Array(graph.order), y: new Float32Array(graph.order),
    edges: new Uint32Array(2 * graph.size), weights: new Float32Array(graph.size),
  };
  graph.forEachNode((node, at) => { request.x[Number(node)] = at.x; request.y[Number(node)] = at.y; });
  let e = 0;
  graph.forEachEdge((_edge, attributes, source, target) => {
    request.edges[2 * e] = Number(source);
    request.edges[2 * e + 1] = Number(target);
    request.weights[e++] = attributes.weight;
  });
  return request;
}

function drawHover(colours: () => Colours) {
  return (context: CanvasRenderingContext2D, data: Attributes, settings: Attributes) => {
    const size = settings.labelSize;
    context.font = `500 ${size}px Inter, sans-serif`;
    const width = context.measureText(data.label).width;
    const x = data.x + data.size + 5;
    context.fillStyle = colours().panel;
    context.strokeStyle = colours().line;
    context.beginPath();
    context.roundRect(x - 4, data.y - size / 2 - 5, width + 10, size + 10, 5);
    context.fill();
    context.stroke();
    context.fillStyle = colours().text;
    context.fillText(data.label, x + 1, data.y + size / 3);
  };
}

export function CampaignGraphView(props: {
  members: Member[]; ties: Tie[]; selected: number | null; onSelect: (index: number) => void;
}) {
  const { members, ties, selected, onSelect } = props;
  const box = useRef<HTMLDivElement>(null);
  const sigma = useRef<Sigma | null>(null);
  const chosen = useRef<number | null>(null);
  const [failed, setFailed] = useState(false);
  const scheme = theme.value;
  const colours = useMemo(coloursNow, [scheme]);
  useEffect(() => {
    const graph = build(members, ties, colours);
    let hovered: string | null = null;
    let renderer: Sigma;
    const isNear = (node: string) => {
      const centre = hovered ?? (chosen.current === null ? null : String(chosen.current));
      return centre === null || node === centre || (graph.hasNode(centre) && graph.areNeighbors(node, centre));
    };
    try {
      renderer = new Sigma(graph, box.current!, {
        labelColor: { color: colours.text }, labelFont: 'Inter, sans-serif', labelSize: 12, labelWeight: '500',
        labelRenderedSizeThreshold: members.length > 200 ? 11 : 7, labelDensity: 0.7, stagePadding: 44, minCameraRatio: 0.02, maxCameraRatio: 4,
        hideEdgesOnMove: graph.size > 20_000, zIndex: true, allowInvalidContainer: true,
        defaultDrawNodeHover: drawHover(() => colours),
        nodeReducer: (node, data) => {
          if (Number(node) === chosen.current) return { ...data, highlighted: true, zIndex: 2, size: data.size + 2 };
          return isNear(node) ? data : { ...data, color: colours.faded, label: '' };
        },
        edgeReducer: (edge, data) => {
          const [a, b] = graph.extremities(edge);
          const centre = hovered ?? (chosen.current === null ? null : String(chosen.current));
          if (centre === null || a === centre || b === centre) return data;
          return { ...data, color: colours.faded };
        },
      });
    } catch {
      setFailed(true);
      return undefined;
    }
    sigma.current = renderer;
    renderer.on('enterNode', ({ node }) => { hovered = node; renderer.refresh({ skipIndexation: true }); });
    renderer.on('leaveNode', () => { hovered = null; renderer.refresh({ skipIndexation: true }); });
    renderer.on('clickNode', ({ node }) => onSelect(Number(node)));
    let worker: Worker | undefined;
    if (graph.size > 0) {
      worker = new Worker(LAYOUT_WORKER, { type: 'module' });
      worker.onmessage = ({ data }: MessageEvent<LayoutStep>) => {
        graph.updateEachNodeAttributes((node, at) => ({ ...at, x: data.x[Number(node)], y: data.y[Number(node)] }),
          { attributes: ['x', 'y'] });
        if (data.done) box.current?.setAttribute('data-laid-out', '');
      };
      worker.postMessage(layoutRequest(graph));
    }
    return () => { worker?.terminate(); renderer.kill(); sigma.current = null; };
  }, [members, ties, colours, onSelect]);
  useEffect(() => {
    chosen.current = selected;
    sigma.current?.refresh({ skipIndexation: true });
  }, [selected]);
  const camera = () => sigma.current?.getCamera();
  const groups = kGroupsInOrder.filter((group) => members.some((member) => groupOf(member.type) === group));
  return (
    <div class="graph">
      {failed && <div class="empty"><strong>No graph here</strong><p>The browser gives no WebGL. The table below lists the same.</p></div>}
      <div class="canvas" ref={box} role="img"
        aria-label={`Graph of ${members.length} indicators and ${ties.length} ties; the table below lists them`} />
      <div class="tools">
        <button class="icon-button" type="button" aria-label="Nearer" onClick={() => void camera()?.animatedZoom()}><Icon path={kIcons.plus} /></button>
        <button class="icon-button" type="button" aria-label="Farther" onClick={() => void camera()?.animatedUnzoom()}><Icon path={kIcons.minus} /></button>
        <button class="icon-button" type="button" aria-label="The whole" onClick={() => void camera()?.animatedReset()}><Icon path={kIcons.whole} /></button>
      </div>
      <div class="note">
        <span class="legend">
          {groups.map((group) => <span key={group}><i class={`swatch ${group}`} />{kGroupWords[group]}</span>)}
          {ties.some((tie) => tie.splitsOff > 1) && <span><i class="swatch line thin" />Thin: holds parts together alone</span>}
          {ties.some((tie) => tie.cut) && <span><i class="swatch line cut" />Cut: joins nothing</span>}
        </span>
      </div>
    </div>
  );
}
