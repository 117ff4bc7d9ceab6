// When members were first and last seen, by day.
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import type { CampaignPage } from '../api';
import { count } from '../words';
import { theme } from './shell';

type Days = NonNullable<CampaignPage['days']>;

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function optionsFor(width: number): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: colour('--faint'), font: '11px Inter', grid: { stroke: colour('--line'), width: 1 },
    ticks: { stroke: colour('--line'), width: 1, size: 4 },
  };
  const dates = (_plot: uPlot, seconds: number[]) => seconds.map((at) => new Date(at * 1e3).toISOString().slice(5, 10));
  const bars = (align: -1 | 1) => uPlot.paths.bars!({ size: [0.42, 14, 2], align });
  return {
    width, height: 220, padding: [10, 22, 0, 0],
    cursor: { drag: { x: true, y: false } },
    scales: { x: { time: true } },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1e3), 'Etc/UTC'),
    axes: [{ ...axis, grid: { show: false }, space: 56, values: dates, incrs: [1, 2, 5, 7, 14, 28, 56, 91, 182, 364].map((n) => n * 86_400) },
      { ...axis, size: 44, space: 36, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000] }],
    series: [{},
      { label: 'First seen', fill: colour('--accent'), stroke: colour('--accent'), width: 0, paths: bars(-1), points: { show: false } },
      { label: 'Last seen', fill: colour('--challenge'), stroke: colour('--challenge'), width: 0, paths: bars(1), points: { show: false } },
    ],
  };
}

export function Timeline({ days }: { days: Days }) {
  const box = useRef<HTMLDivElement>(null);
  const scheme = theme.value;
  useEffect(() => {
    const element = box.current!;
    // Every day between has a place, so that bars are a day wide.
    const at = new Map(days.map((d) => [Date.parse(d.day) / 1_000, d]));
    const begin = Math.min(...at.keys());
    const end = Math.max(...at.keys());
    const xs: number[] = [];
    for (let x = begin - 86_400; x <= end + 86_400; x += 86_400) xs.push(x);
    const data: uPlot.AlignedData = [xs, xs.map((x) => at.get(x)?.firstSeen ?? 0), xs.map((x) => at.get(x)?.lastSeen ?? 0)];
    const plot = new uPlot(optionsFor(element.clientWidth), data, element);
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: 220 }));
    observer.observe(element);
    return () => { observer.disconnect(); plot.destroy(); };
  }, [days, scheme]);
  const began = days.filter((d) => d.firstSeen).length;
  const first = days.reduce((sum, d) => sum + (d.firstSeen ?? 0), 0);
  return (
    <figure>
      <div class="plot" ref={box} aria-hidden="true" />
      <figcaption class="legend">
        <span><i class="swatch accent" />First seen that day</span><span><i class="swatch challenge" />Last seen that day</span>
        <span class="hidden-text">
          {count(first)} indicators, first seen on {count(began)} {began === 1 ? 'day' : 'days'} between{' '}
          {days[0]?.day} and {days[days.length - 1]?.day}
        </span>
      </figcaption>
    </figure>
  );
}
