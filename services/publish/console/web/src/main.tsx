import { render } from 'preact';
import { lazy, Suspense } from 'preact/compat';
import { useEffect } from 'preact/hooks';
import { Redirect, Route, Router, Switch, useLocation } from 'wouter-preact';
import { follow } from './api';
import { Empty } from './parts/basics';
import { Shell } from './parts/shell';
import './style.css';
import { CampaignsView } from './views/campaigns';
import { ConsumersView } from './views/consumers';
import { OverridesView } from './views/overrides';
import { OverviewView } from './views/overview';
import { PartnersView } from './views/partners';
import { PipelineView } from './views/pipeline';
import { SearchView } from './views/search';

// Comes with the libraries for graphs and charts: only who opens a campaign needs them.
const CampaignView = lazy(async () => (await import('./views/campaign')).CampaignView);

const kTitles: [string, string][] = [
  ['/campaigns/', 'Campaign'], ['/campaigns', 'Campaigns'], ['/search', 'Search'], ['/partners', 'Partners'],
  ['/consumers', 'Consumers'], ['/overrides', 'Overrides'], ['/pipeline', 'Pipeline'],
];

function Title() {
  const [path] = useLocation();
  useEffect(() => {
    const title = kTitles.find(([beginning]) => path.startsWith(beginning))?.[1] ?? 'Overview';
    document.title = `${title} · Ringfence`;
  }, [path]);
  return null;
}

function App() {
  return (
    <Router base="/console">
      <Title />
      <Shell>
        <Suspense fallback={<div class="empty" role="status">Loading…</div>}>
          <Switch>
            <Route path="/" component={OverviewView} />
            <Route path="/campaigns" component={CampaignsView} />
            <Route path="/campaigns/:id">{(parameters) => <CampaignView key={parameters.id} id={parameters.id!} />}</Route>
            <Route path="/search" component={SearchView} />
            <Route path="/partners" component={PartnersView} />
            <Route path="/consumers" component={ConsumersView} />
            <Route path="/overrides" component={OverridesView} />
            <Route path="/pipeline" component={PipelineView} />
            <Route path="/overview"><Redirect to="/" /></Route>
            <Route><Empty title="There is no such view" /></Route>
          </Switch>
        </Suspense>
      </Shell>
    </Router>
  );
}

follow();
render(<App />, document.getElementById('app')!);
