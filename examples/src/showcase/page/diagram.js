'use strict';
// Draws the machine, and moves what moves on it.

const SVG = 'http://www.w3.org/2000/svg';
const still = matchMedia('(prefers-reduced-motion: reduce)');

function svg(name, attributes = {}, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

class Diagram {
  /** How many dots a state shows at most: one for each connection. */
  static DOTS = 16;

  constructor(parent, hello) {
    this.parent = parent;
    this.hello = hello;
    this.last = null;
    this.sparks = [];
    this.watch = new ResizeObserver(() => this.draw());
    this.watch.observe(parent);
    this.draw();
  }

  remove() {
    this.watch.disconnect();
    this.parent.replaceChildren();
  }

  /** What is to be laid out: a box for each state and one for the ports that lead to it, lines. */
  graph(narrow) {
    const { states, services } = this.hello;
    const state = { w: narrow ? 124 : 152, h: 58 };
    const boxes = [],
      lines = [];
    const ports = (key, to, list) => {
      if (!list.length) return;
      boxes.push({ key, ports: list, w: narrow ? 190 : 196, h: 12 + 19 * list.length });
      if (to !== null) lines.push({ from: key, to, ports: list });
    };
    const numbered = services.map((service, at) => ({ ...service, at }));
    states.forEach(({ name }, at) => {
      ports(
        `to ${name}`,
        name,
        numbered.filter((service) => service.state === at),
      );
      boxes.push({ key: name, state: at, ...state });
    });
    ports(
      'datagrams',
      null,
      numbered.filter((service) => service.state === null),
    );
    states.forEach(({ name, becomes }, at) =>
      becomes.forEach((to, nth) => {
        lines.push({ from: name, to: states[to].name, edge: [at, nth] });
      }),
    );
    return [boxes, lines];
  }

  draw() {
    const width = this.parent.clientWidth - 16;
    if (width <= 0 || width === this.width) return;
    this.width = width;
    const laid = layOut(...this.graph(width < 520), width);
    const picture = svg('svg', { width: laid.w, height: laid.h, role: 'img' });
    picture.setAttribute('aria-label', `State diagram of ${this.hello.states.length} states`);
    this.states = [];
    this.edges = [];
    this.ports = [];
    this.portRows = [];
    this.sparks = [];
    // A line is measured when it is drawn, so the picture is in the page before its lines are.
    this.parent.replaceChildren(picture);
    for (const part of laid.parts) {
      for (const line of part.lines) this.line(picture, line, laid.wide, part.at);
      for (const box of part.boxes) picture.append(this.box(box, part.at));
    }
    this.above = svg('g');
    picture.append(this.above);
    if (this.last) this.show(this.last, null);
  }

  line(picture, line, wide, at) {
    const group = svg('g');
    picture.append(group);
    const edge = svg('path', { class: 'edge', d: path(line.points, wide, at) });
    const [to, before] = [line.points.at(-1), line.points.at(-2)];
    const flip = wide ? (to.x > before.x ? 0 : 180) : to.y > before.y ? 90 : 270;
    const place = `translate(${to.x + at.x},${to.y + at.y}) rotate(${flip})`;
    const tip = svg('path', { class: 'tip', d: 'M0,0L-8,-4L-8,4Z', transform: place });
    const taken = svg('text', { class: 'taken' });
    group.append(edge, tip, taken);
    const length = edge.getTotalLength();
    const middle = edge.getPointAtLength(
      length * (line.bends.length ? 0.5 : line.twin ? 0.28 : 0.46),
    );
    taken.setAttribute('x', middle.x);
    taken.setAttribute('y', middle.y);
    const drawn = { group, edge, length, taken, shown: null };
    group.dataset.edge = `${line.from} ${line.to}`;
    if (line.edge) this.edges.push({ ...drawn, of: line.edge });
    else this.ports.push({ ...drawn, services: line.ports.map((service) => service.at) });
  }

  box(box, at) {
    const [x, y] = [box.x + at.x - box.w / 2, box.y + at.y - box.h / 2];
    const group = svg('g', {
      transform: `translate(${x},${y})`,
      class: box.ports ? 'ports' : 'node',
    });
    group.append(svg('rect', { width: box.w, height: box.h, rx: 10 }));
    if (box.ports) {
      box.ports.forEach(({ name, at: place, port }, nth) => {
        const row = svg('g');
        const base = 20 + 19 * nth;
        const label = port ? `${name} :${port}` : name;
        row.append(svg('text', { x: 10, y: base }, label));
        const through = svg('text', { x: box.w - 10, y: base, class: 'through' });
        row.append(through);
        group.append(row);
        this.portRows.push({ row, through, place });
      });
      return group;
    }
    const state = this.hello.states[box.state];
    const now = svg('text', { class: 'now', x: box.w - 11, y: 26 }, '0');
    const dots = svg('g', { class: 'dots' });
    group.dataset.state = box.key;
    group.append(svg('text', { class: 'title', x: 11, y: 23 }, state.name));
    group.append(
      svg('text', { class: 'wait', x: 11, y: 40 }, state.deadlines.join(', ')),
      dots,
      now,
    );
    this.states.push({ group, now, dots, at: box.state, w: box.w, shown: null });
    return group;
  }

  /** Shows figures; what differs from those `before` has just happened. */
  show(figures, before) {
    this.last = figures;
    for (const state of this.states) {
      const n = figures.now[state.at];
      if (state.shown === n) continue;
      state.shown = n;
      state.now.textContent = count(n);
      state.now.classList.toggle('long', state.now.textContent.length > 3);
      state.group.classList.toggle('busy', n > 0);
      this.dot(state, Math.min(n, Diagram.DOTS));
    }
    for (const edge of this.edges) {
      const of = (figures) => figures.edges[edge.of[0]][edge.of[1]];
      this.take(edge, of(figures), before && of(before));
    }
    for (const edge of this.ports) {
      const of = (figures) => edge.services.reduce((sum, at) => sum + figures.served[at], 0);
      this.take(edge, of(figures), before && of(before), true);
    }
    for (const { row, through, place } of this.portRows) {
      const n = figures.served[place];
      through.textContent = n ? count(n) : '';
      const came = before && n > before.served[place];
      row.querySelectorAll('text').forEach((text) => text.classList.toggle('hot', came));
    }
  }

  dot(state, n) {
    while (state.dots.childElementCount > n) state.dots.lastChild.remove();
    for (let at = state.dots.childElementCount; at < n; at++) {
      state.dots.append(svg('circle', { cx: 14 + at * ((state.w - 28) / 15), cy: 49, r: 2.6 }));
    }
  }

  take(edge, n, before, quiet) {
    const more = before === null ? 0 : n - before;
    edge.group.classList.toggle('hot', more > 0);
    if (edge.shown !== n && !quiet) edge.taken.textContent = n ? count(n) : '';
    edge.shown = n;
    if (more <= 0 || still.matches || document.hidden) return;
    const sparks = Math.min(more, 5);
    for (let nth = 0; nth < sparks; nth++) this.spark(edge, (nth * 240) / sparks);
  }

  spark(edge, wait) {
    if (this.sparks.length >= 120) return;
    const circle = svg('circle', { r: 3.6, class: 'spark', visibility: 'hidden' });
    this.above.append(circle);
    this.sparks.push({ circle, edge, start: performance.now() + wait });
    if (this.sparks.length === 1) requestAnimationFrame((now) => this.move(now));
  }

  move(now) {
    this.sparks = this.sparks.filter(({ circle, edge, start }) => {
      const part = (now - start) / (380 + edge.length);
      if (part >= 1 || !circle.isConnected) {
        circle.remove();
        return false;
      }
      if (part >= 0) {
        const { x, y } = edge.edge.getPointAtLength(edge.length * part);
        circle.setAttribute('cx', x);
        circle.setAttribute('cy', y);
        circle.removeAttribute('visibility');
      }
      return true;
    });
    if (this.sparks.length) requestAnimationFrame((now) => this.move(now));
  }
}
