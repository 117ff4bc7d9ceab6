// Lays a graph out by forces, away from the page's own thread, and tells how far it is.
import Graph from 'graphology';
import forceAtlas2 from 'graphology-layout-forceatlas2';

export interface LayoutRequest { x: Float32Array; y: Float32Array; edges: Uint32Array; weights: Float32Array }
export interface LayoutStep { x: Float32Array; y: Float32Array; done: boolean }

// As many rounds as a large graph can have within some seconds.
const kNodeRounds = 1_500_000;
const kRoundsMin = 60;
const kRoundsMax = 600;
const kSteps = 12;

self.onmessage = (event: MessageEvent<LayoutRequest>) => {
  const { x, y, edges, weights } = event.data;
  const graph = new Graph({ type: 'undirected', multi: false });
  for (let i = 0; i < x.length; ++i) graph.addNode(i, { x: x[i], y: y[i] });
  for (let e = 0; e < weights.length; ++e) {
    graph.mergeEdge(edges[2 * e]!, edges[2 * e + 1]!, { weight: weights[e] });
  }
  const settings = {
    ...forceAtlas2.inferSettings(graph), barnesHutOptimize: x.length > 800, gravity: 0.6, scalingRatio: 8,
    strongGravityMode: false, slowDown: 4 + Math.log(x.length + 1),
  };
  const rounds = Math.min(kRoundsMax, Math.max(kRoundsMin, Math.round(kNodeRounds / (x.length + 1))));
  for (let step = 1; step <= kSteps; ++step) {
    forceAtlas2.assign(graph, { iterations: Math.ceil(rounds / kSteps), settings, getEdgeWeight: 'weight' });
    const answer: LayoutStep = { x: new Float32Array(x.length), y: new Float32Array(x.length), done: step === kSteps };
    graph.forEachNode((node, at) => { answer.x[Number(node)] = at.x; answer.y[Number(node)] = at.y; });
    postMessage(answer);
  }
};
