"use strict";
/* Reads the data block, draws the plots and follows the control. No text becomes markup: names go
   in through textContent only. Costs of a target are sizes times a cost per size. */
(() => {
const data = JSON.parse(document.getElementById("data").textContent);
const { fractions, sites } = data;
const target = document.getElementById("target");
const SVG = "http://www.w3.org/2000/svg";
const SIZES = ["solar_mw", "battery_mwh", "battery_mw"];
const PARTS = {
  solar: ["PV", "orange"], battery_energy: ["battery energy", "blue"],
  battery_power: ["battery power", "sky"], land: ["land", "green"],
  integration: ["integration", "grey"],
};
/* Colours come round again after six sites, with another dash. */
const HUES = ["blue", "red", "green", "pink", "orange", "sky"], DASHES = ["", "7 3", "2 3", "9 3 2 3", "14 4"];
const hue = site => `var(--${HUES[site % HUES.length]})`;
const dash = site => DASHES[Math.floor(site / HUES.length) % DASHES.length];

/* --- a little drawing ------------------------------------------------------------------------ */

function add(parent, tag, attributes = {}, text) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  parent.appendChild(node);
  return node;
}
function html(parent, tag, text, attributes = {}) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  parent.appendChild(node);
  return node;
}
const linear = (from, to, low, high) => value => low + (value - from) / (to - from) * (high - low);
const number = (value, digits = 0) =>
  value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
const few = value => value >= 100 ? number(value) : value >= 10 ? number(value, 1) : String(+value.toPrecision(2));

/* Round numbers that divide a range into about `count` steps. */
function ticks(low, high, count) {
  const rough = (high - low) / count, power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 2.5, 5, 10].find(n => n * power >= rough * 0.999);
  const found = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + step * 1e-9; n++) found.push(n * step + 0); /* + 0: no -0 */
  return found;
}

/* A plot that is drawn anew when its place gets another width; of very many sites it is several
   pictures below each other, none taller than a sheet of paper. */
const plots = [];
function plot(id, label, draw, slices = () => [undefined]) {
  const place = document.getElementById(id);
  if (!place) return;
  const entry = { place, width: 0, draw() {
    entry.width = place.clientWidth;
    if (!entry.width) return; /* not laid out yet, or hidden: drawn when it gets a width */
    place.replaceChildren(...slices().map((slice, n) => {
      const svg = document.createElementNS(SVG, "svg");
      svg.setAttribute("role", "img");
      if (n) svg.setAttribute("aria-hidden", "true"); /* the first one's label tells all */
      else svg.setAttribute("aria-label", typeof label === "function" ? label() : label);
      svg.setAttribute("viewBox", `0 0 ${entry.width} ${draw(svg, entry.width, slice)}`);
      return svg;
    }));
  } };
  plots.push(entry);
  return entry;
}
function yAxis(svg, scale, values, left, right, unit, told = number) {
  for (const value of values) {
    const y = scale(value);
    add(svg, "line", { x1: left, x2: right, y1: y, y2: y, class: "rule" });
    add(svg, "text", { x: left - 6, y: y + 4, "text-anchor": "end", class: "soft" }, told(value));
  }
  add(svg, "text", { x: 0, y: 12, class: "soft" }, unit);
}
function xAxis(svg, scale, values, top, bottom, told = number) {
  for (const value of values) {
    const x = scale(value);
    add(svg, "line", { x1: x, x2: x, y1: top, y2: bottom, class: "rule" });
    add(svg, "text", { x, y: bottom + 16, "text-anchor": "middle", class: "soft" }, told(value));
  }
}
const path = points => points.map(([x, y], n) => `${n ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

/* How wide a text is, and as much of it as has room: fonts differ from cluster to cluster. */
const ruler = document.createElement("canvas").getContext("2d");
function wide(text, weight = 400) {
  ruler.font = `${weight} 12px ${getComputedStyle(document.body).fontFamily}`;
  return ruler.measureText(text).width;
}
function fit(text, room, weight = 400) {
  if (wide(text, weight) <= room) return text;
  const letters = [...text];
  while (letters.length && wide(letters.join("") + "…", weight) > room) letters.pop();
  return letters.join("") + "…";
}
const widest = (texts, weight) => Math.max(0, ...texts.map(text => wide(text, weight)));

/* --- what a target costs ---------------------------------------------------------------------- */

const at = () => Number(target.value);
const rows = () => data.rankings[at()].filter(row => row.cells);
const sliced = size => () => {
  const all = rows(), slices = [];
  for (let n = 0; n === 0 || n < all.length; n += size) slices.push(all.slice(n, n + size));
  return slices;
};
function partsOf(site, index) {
  const { frontier, parts, peak_load_mw, load_mwh_per_year } = sites[site];
  const served = frontier.served_fraction[index] * load_mwh_per_year;
  return parts.map(part => ({
    part: part.part,
    usd: (part.driver === "load" ? peak_load_mw : frontier[part.driver][index])
      * part.annual_usd_per_size / served,
  }));
}
function costOf(site, index) {
  if (sites[site].frontier.solar_mw[index] === null) return null;
  return partsOf(site, index).reduce((sum, part) => sum + part.usd, 0);
}

/* --- plots that follow the control ------------------------------------------------------------ */

const nines = fraction => fraction === 1 ? 5.45 : -Math.log10(1 - fraction);

plot("curve", () => `Line plot of cost per MWh against the fraction of the energy served, from 50 % to all, one line for each of ${sites.length} sites. At ${data.targets[at()].percent}: `
  + rows().map(row => `${sites[row.site].name} ${few(row.usd_per_mwh)} $/MWh`).join(", "), (svg, width) => {
  const roomy = width > 640, height = roomy ? 400 : 330, named = roomy && sites.length <= 14;
  const names = sites.map(site => fit(site.name, 150, 600));
  const left = 44, right = width - (named ? widest(names, 600) + 12 : 14), top = 26, bottom = height - 44;
  const lines = sites.map((site, n) => fractions.map((fraction, t) => [nines(fraction), costOf(n, t)]).filter(p => p[1] !== null));
  const most = Math.max(...lines.flat().map(p => p[1]));
  const x = linear(nines(fractions[0]), nines(1), left, right), y = linear(0, most * 1.04, bottom, top);
  yAxis(svg, y, ticks(0, most * 1.04, 5), left, right, `$/MWh served, ${data.dollars}`);
  const marks = [0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 1].filter(s => roomy || s !== 0.99999);
  for (const fraction of marks) {
    const told = fraction === 1 ? "all" : `${+(fraction * 100).toFixed(4)} %`;
    add(svg, "line", { x1: x(nines(fraction)), x2: x(nines(fraction)), y1: bottom, y2: bottom + 4, class: "axis" });
    add(svg, "text", { x: x(nines(fraction)), y: bottom + 18, "text-anchor": "middle", class: "soft" }, told);
  }
  add(svg, "line", { x1: left, x2: right, y1: bottom, y2: bottom, class: "axis" });
  add(svg, "text", { x: (left + right) / 2, y: bottom + 36, "text-anchor": "middle", class: "soft" }, "fraction of the energy served");
  const now = x(nines(fractions[at()])), last = now + 5 + wide(data.targets[at()].percent, 600) > width;
  add(svg, "line", { x1: now, x2: now, y1: top - 8, y2: bottom, stroke: "var(--ink)", "stroke-width": 1.5 });
  add(svg, "text", { x: now + (last ? -5 : 5), y: top + 2, "text-anchor": last ? "end" : "start", "font-weight": 600 }, data.targets[at()].percent);
  lines.forEach((line, n) => {
    const drawn = add(svg, "path", { d: path(line.map(p => [x(p[0]), y(p[1])])), fill: "none", stroke: hue(n), "stroke-width": 2.2, "stroke-dasharray": dash(n), "stroke-linejoin": "round" });
    add(drawn, "title", {}, sites[n].name);
    const cost = costOf(n, at());
    if (cost !== null) add(svg, "circle", { cx: now, cy: y(cost), r: 4.5, fill: hue(n), stroke: "var(--paper)", "stroke-width": 1.5 });
  });
  if (named) {
    /* Names at the ends of the lines, pushed apart where they would cover each other. */
    const ends = lines.map((line, n) => line.length && { n, y: y(line.at(-1)[1]), x: x(line.at(-1)[0]) }).filter(Boolean).sort((a, b) => a.y - b.y);
    for (let pass = 0; pass < 40; pass++) for (let n = 1; n < ends.length; n++) {
      const lacking = 15 - (ends[n].y - ends[n - 1].y);
      if (lacking > 0) { ends[n].y += lacking / 2; ends[n - 1].y -= lacking / 2; }
    }
    for (const end of ends) add(svg, "text", { x: right + 8, y: end.y + 4, style: `fill:${hue(end.n)}`, "font-weight": 600 }, names[end.n]);
    return height;
  }
  let row = 0, across = 0;
  const column = 150, columns = Math.max(1, Math.floor(width / column));
  sites.forEach((site, n) => {
    across = n % columns; row = Math.floor(n / columns);
    const lx = across * column, ly = height + 12 + row * 18;
    add(svg, "line", { x1: lx, x2: lx + 22, y1: ly - 4, y2: ly - 4, stroke: hue(n), "stroke-width": 2.5, "stroke-dasharray": dash(n) });
    add(svg, "text", { x: lx + 28, y: ly }, fit(site.name, column - 34));
  });
  return height + 22 + row * 18;
});

/* Horizontal stacked bars: rows of {name, parts: [{usd, fill, told}], end}. */
function bars(svg, width, groups, most, unit, legend) {
  const roomy = width > 480, names = groups.map(group => fit(group.name, roomy ? width / 3 : width, roomy ? 400 : 600));
  const left = roomy ? widest(names) + 10 : 4, right = width - widest(groups.map(group => group.end), 600) - 8, thick = 17;
  let y = 0, across = 0;
  for (const [told, fill] of legend) {
    const wants = 16 + wide(told);
    if (across + wants > width && across) { across = 0; y += 18; }
    add(svg, "rect", { x: across, y: y + 2, width: 11, height: 11, fill });
    add(svg, "text", { x: across + 16, y: y + 12 }, told);
    across += wants + 16;
  }
  y += 32;
  const top = y;
  const x = linear(0, most, left, right);
  const under = add(svg, "g");
  for (const [n, group] of groups.entries()) {
    if (group.gap) y += group.gap;
    if (roomy) add(svg, "text", { x: left - 8, y: y + 13, "text-anchor": "end" }, names[n]);
    else if (group.name) { add(svg, "text", { x: 0, y: y + 11, "font-weight": 600 }, names[n]); y += 16; }
    let sum = 0;
    for (const part of group.parts) {
      const box = add(svg, "rect", { x: x(sum), y, width: Math.max(0, x(sum + part.usd) - x(sum)), height: thick, fill: part.fill });
      add(box, "title", {}, `${part.told}: ${few(part.usd)} ${unit}`);
      sum += part.usd;
    }
    add(svg, "text", { x: x(sum) + 5, y: y + 13, "font-weight": 600 }, group.end);
    y += thick + 7;
  }
  const steps = ticks(0, most, width > 400 ? 5 : 3);
  xAxis(under, x, steps, top - 4, y);
  add(svg, "text", { x: left, y: y + 34, class: "soft" }, unit);
  return y + 42;
}
const dearest = () => Math.max(1e-9, ...rows().map(row => row.usd_per_mwh));
const YEARLY = () => `$/MWh served, ${data.dollars}`;

plot("parts", () => "Stacked bars of the cost of each part per MWh served, cheapest site first. " + rows().map(row => `${sites[row.site].name}: `
  + partsOf(row.site, at()).map(p => `${PARTS[p.part][0]} ${few(p.usd)}`).join(", ")).join("; "), (svg, width, slice) =>
  bars(svg, width, slice.map(row => ({
    name: sites[row.site].name, end: few(row.usd_per_mwh),
    parts: partsOf(row.site, at()).map(p => ({ usd: p.usd, fill: `var(--${PARTS[p.part][1]})`, told: PARTS[p.part][0] })),
  })), dearest(), YEARLY(), Object.values(PARTS).map(([told, fill]) => [told, `var(--${fill})`])), sliced(30));

const kg = value => `${number(value)} kg`;
plot("beside", () => "Bars of the cost per MWh of PV and battery, gas and grid, and kg of CO2e a MWh. " + rows().map(row => {
  const { gas, grid, gas_kg_per_mwh, grid_kg_per_mwh } = sites[row.site].beside, sum = parts => few(Object.values(parts).reduce((a, b) => a + b, 0));
  return `${sites[row.site].name}: PV and battery ${few(row.usd_per_mwh)}, ${kg(row.carbon_kg_per_mwh)}; gas ${sum(gas)}, ${kg(gas_kg_per_mwh)}; grid ${sum(grid)}, ${kg(grid_kg_per_mwh)}`;
}).join("; "), (svg, width, slice) => {
  const groups = [], sum = parts => Object.values(parts).reduce((a, b) => a + b, 0);
  const most = Math.max(dearest(), ...rows().flatMap(row => [sum(sites[row.site].beside.gas), sum(sites[row.site].beside.grid)]));
  for (const row of slice) {
    const { gas, grid, gas_years, grid_years, gas_kg_per_mwh, grid_kg_per_mwh } = sites[row.site].beside;
    const ours = sites[row.site].plant.time_to_power_years;
    groups.push({ name: sites[row.site].name, gap: groups.length ? 8 : 0, end: `${few(row.usd_per_mwh)} (${few(ours)} years, ${kg(row.carbon_kg_per_mwh)})`, parts: [{ usd: row.usd_per_mwh, fill: "var(--orange)", told: "sun and battery" }] });
    groups.push({ name: "", end: `${few(sum(gas))} (${few(gas_years)} years, ${kg(gas_kg_per_mwh)})`, parts: Object.entries(gas).map(([told, usd], n) => ({ usd, told: `gas, ${told}`, fill: "var(--pink)" })) });
    groups.push({ name: "", end: `${few(sum(grid))} (${few(grid_years)} years, ${kg(grid_kg_per_mwh)})`, parts: Object.entries(grid).map(([told, usd]) => ({ usd, told: `grid, ${told}`, fill: "var(--green)" })) });
  }
  return bars(svg, width, groups, most, `$/MWh, ${data.dollars}`, [["PV and battery", "var(--orange)"], ["gas", "var(--pink)"], ["grid", "var(--green)"]]);
}, sliced(10));

const KM2_PER_ACRE = 0.0040468564224;
plot("land", () => "Squares of land to scale. " + rows().map(row => `${sites[row.site].name}: ${number(row.land_acres)} acres, ${number(row.land_acres * KM2_PER_ACRE, 1)} square km`).join("; "), (svg, width, slice) => {
  const all = slice.map(row => ({ row, km: Math.sqrt(row.land_acres * KM2_PER_ACRE) }));
  if (!all.length) return 10;
  /* One scale for all, at every target: a larger plant is a larger square. */
  const largest = Math.max(...sites.flatMap(site => site.frontier.solar_mw.map(mw => Math.sqrt((mw || 0) * site.acres_per_mwdc * KM2_PER_ACRE))));
  const slot = Math.max(178, Math.min(300, (width - 10) / Math.min(rows().length, 10))), columns = Math.max(1, Math.floor((width + 12) / slot));
  const scale = (slot - 24) / largest, tall = largest * scale;
  let y = 0;
  all.forEach(({ row, km }, n) => {
    const x = (n % columns) * slot, line = Math.floor(n / columns), side = km * scale;
    y = line * (tall + 64);
    const base = y + tall;
    add(svg, "rect", { x: x + 0.5, y: base - side, width: side, height: side, fill: "var(--green)", "fill-opacity": 0.22, stroke: "var(--green)" });
    const { frontier } = sites[row.site];
    const told = [[fit(sites[row.site].name, slot - 10, 600), 600], [`${number(row.land_acres)} acres = ${number(km * km, 1)} km²`], [`${number(frontier.solar_mw[at()])} MWdc, ${number(frontier.battery_mwh[at()])} MWh`]];
    told.forEach(([text, weight], k) => add(svg, "text", { x, y: base + 16 + k * 15, ...(weight ? { "font-weight": weight } : { class: "soft" }) }, text));
  });
  const km = [0.5, 1, 2, 5, 10, 20].filter(k => k * scale < slot * 0.8).at(-1) || 0.5, base = y + tall + 74;
  add(svg, "path", { d: `M0.5 ${base - 5}v10M0.5 ${base}h${km * scale}v-5v10`, stroke: "var(--ink)", fill: "none", "stroke-width": 1.5 });
  add(svg, "text", { x: km * scale + 10, y: base + 4 }, `${km} km`);
  return base + 14;
}, sliced(10));

/* --- plots of the asked plants ----------------------------------------------------------------- */

plot("map", () => "Map of the sites: " + sites.map(s => `${s.name} at ${s.latitude_deg}, ${s.longitude_deg}`).join("; "), (svg, width) => {
  const lons = sites.map(s => s.longitude_deg), lats = sites.map(s => s.latitude_deg);
  let west = Math.min(...lons), east = Math.max(...lons), south = Math.min(...lats), north = Math.max(...lats);
  const middle = (south + north) / 2, squeeze = Math.cos(middle * Math.PI / 180);
  /* Room around the sites, and at least a region that a reader knows. */
  let across = Math.min(360, Math.max((east - west) * 1.35, 26)), high = Math.min(170, Math.max((north - south) * 1.5, 13));
  const height = Math.min(width > 800 ? 430 : 300, Math.max(220, width * high / (across * squeeze)));
  if (width / height > across * squeeze / high) across = high * width / height / squeeze;
  else high = across * squeeze * height / width;
  if (across > 360) { high *= 360 / across; across = 360; }
  const lon0 = across === 360 ? 0 : (west + east) / 2, lat0 = Math.max(-90 + high / 2, Math.min(90 - high / 2, middle));
  [west, east, south, north] = [lon0 - across / 2, lon0 + across / 2, lat0 - high / 2, lat0 + high / 2];
  const x = linear(west, east, 0, width), y = linear(north, south, 0, height);
  const id = "map-cut";
  const cut = add(add(svg, "defs"), "clipPath", { id });
  add(cut, "rect", { x: 0, y: 0, width, height });
  const ground = add(svg, "g", { "clip-path": `url(#${id})` });
  add(ground, "rect", { x: 0, y: 0, width, height, fill: "var(--sea)" });
  const walk = steps => {
    const points = [];
    for (let n = 0, a = 0, b = 0; n < steps.length; n += 2) points.push([x((a += steps[n]) / 10), y((b += steps[n + 1]) / 10)]);
    return path(points);
  };
  add(ground, "path", { d: data.map.land.map(ring => walk(ring) + "Z").join(""), fill: "var(--land)", stroke: "var(--grey)", "stroke-width": 0.8 });
  if (across < 120) add(ground, "path", { d: data.map.borders.map(walk).join(""), fill: "none", stroke: "var(--grey)", "stroke-width": 0.6 });
  for (const lon of ticks(west, east, 6).slice(0, -1)) {
    add(ground, "line", { x1: x(lon), x2: x(lon), y1: 0, y2: height, class: "rule", "stroke-dasharray": "2 4" });
    if (x(lon) > 30 && x(lon) < width - 30) add(ground, "text", { x: x(lon) + 3, y: height - 5, class: "soft" }, `${+lon.toFixed(1)}°`);
  }
  for (const lat of ticks(south, north, 4)) {
    add(ground, "line", { x1: 0, x2: width, y1: y(lat), y2: y(lat), class: "rule", "stroke-dasharray": "2 4" });
    if (y(lat) > 14 && y(lat) < height - 24) add(ground, "text", { x: 4, y: y(lat) - 3, class: "soft" }, `${+lat.toFixed(1)}°`);
  }
  add(svg, "rect", { x: 0.5, y: 0.5, width: width - 1, height: height - 1, fill: "none", class: "rule" });
  /* Where no name may stand: on another name or on a mark; each [left, right, middle]. */
  const taken = sites.map(site => [x(site.longitude_deg) - 6, x(site.longitude_deg) + 6, y(site.latitude_deg) + 4]);
  data.rankings[data.asked].forEach((row, rank) => {
    const site = sites[row.site], px = x(site.longitude_deg), py = y(site.latitude_deg);
    add(svg, "circle", { cx: px, cy: py, r: 6, fill: hue(row.site), stroke: "var(--paper)", "stroke-width": 1.5 });
    const place = row.cells ? String(rank + 1) : "–", full = `${place}  ${fit(site.name, 150, 600)}`;
    /* The first place beside the mark where no other name stands. */
    add(svg.lastChild, "title", {}, full);
    for (const text of [full, place]) {
      const long = wide(text, 600), beside = [9, -9 - long], about = [...beside, -long / 2];
      const spots = [...beside.map(dx => [dx, 4]), ...[18, -10, 24, -16].flatMap(dy => about.map(dx => [dx, dy]))];
      const free = spots.find(([dx, dy]) => px + dx > 0 && px + dx + long < width && py + dy > 14 && py + dy < height - 4
        && taken.every(([tl, tr, ty]) => Math.abs(py + dy - ty) > 12 || px + dx > tr + 2 || px + dx + long < tl - 2));
      if (!free) continue;
      taken.push([px + free[0], px + free[0] + long, py + free[1]]);
      add(svg, "text", { x: px + free[0], y: py + free[1], "font-weight": 600, "paint-order": "stroke", stroke: "var(--land)", "stroke-width": 3 }, text);
      return;
    }
  });
  return height;
});

function legend(id, items) {
  const list = document.getElementById(id);
  for (const [told, fill, line] of items) {
    const item = html(list, "li");
    const mark = html(item, "i", undefined, line ? { class: "line" } : {});
    mark.style.background = fill;
    mark.style.borderColor = fill;
    item.append(told);
  }
}
const LOAD = [["served by PV directly", "var(--orange)"], ["served from the battery", "var(--blue)"], ["unserved", "var(--red)"]];
legend("months-legend", [...LOAD, ["PV generation", "var(--ink)", true]]);
legend("week-legend", [...LOAD, ["PV generation", "var(--ink)", true], ["energy in the battery", "var(--sky)"]]);

const MONTHS = "JFMAMJJASOND";
sites.forEach((site, n) => {
  const m = site.monthly;
  plot(`months-${n}`, `Energy by month at ${site.name} in GWh. PV generation, January to December: ${m.sun_mwh.map(v => few(v / 1000)).join(", ")}; the load: ${m.load_mwh.map(v => few(v / 1000)).join(", ")}`, (svg, width) => {
    const height = 210, left = 40, right = width - 4, top = 24, bottom = height - 22;
    const most = Math.max(...m.sun_mwh, ...m.load_mwh) / 1000 * 1.05;
    const y = linear(0, most, bottom, top), slot = (right - left) / 12;
    yAxis(svg, y, ticks(0, most, 4), left, right, "GWh a month", v => String(+v.toPrecision(3)));
    for (let k = 0; k < 12; k++) {
      let sum = 0;
      for (const [name, [told, fill]] of [["from_sun_mwh", LOAD[0]], ["from_battery_mwh", LOAD[1]], ["unserved_mwh", LOAD[2]]]) {
        const gwh = m[name][k] / 1000;
        const box = add(svg, "rect", { x: left + slot * (k + 0.14), y: y(sum + gwh), width: slot * 0.72, height: Math.max(0, y(sum) - y(sum + gwh)), fill });
        add(box, "title", {}, `${told}: ${few(gwh)} GWh`);
        sum += gwh;
      }
      add(svg, "text", { x: left + slot * (k + 0.5), y: bottom + 16, "text-anchor": "middle", class: "soft" }, MONTHS[k]);
      add(svg, "line", { x1: left + slot * (k + 0.05), x2: left + slot * (k + 0.95), y1: y(m.sun_mwh[k] / 1000), y2: y(m.sun_mwh[k] / 1000), stroke: "var(--ink)", "stroke-width": 2.4 });
    }
    add(svg, "line", { x1: left, x2: right, y1: bottom, y2: bottom, class: "axis" });
    return height;
  });

  const w = site.week, hours = w.hours;
  plot(`week-${n}`, `The worst week at ${site.name}, ${w.days[0]} to ${w.days[6]}, hour by hour: ${number(w.unserved_mwh)} of ${number(w.load_mwh)} MWh not served`, (svg, width) => {
    const left = 44, right = width - 4, top = 24, bottom = 184, low = 214, floor = 276;
    const count = hours.load_mw.length, x = linear(0, count, left, right);
    /* Load and outages are what the week is about: noon's surplus is cut off above three loads. */
    const peak = Math.max(...hours.load_mw), most = Math.min(3 * peak, Math.max(peak, ...hours.solar_mw) * 1.05);
    const y = linear(0, most, bottom, top);
    yAxis(svg, y, ticks(0, most, 3), left, right, "MW");
    const area = (base, above, fill, told) => {
      const up = [], down = [];
      for (let k = 0; k < count; k++) { up.push([x(k), y(base[k] + above[k])], [x(k + 1), y(base[k] + above[k])]); down.push([x(k), y(base[k])], [x(k + 1), y(base[k])]); }
      add(add(svg, "path", { d: path(up) + path(down.reverse()).replace("M", "L") + "Z", fill }), "title", {}, told);
      return base.map((value, k) => value + above[k]);
    };
    let base = hours.load_mw.map(() => 0);
    base = area(base, hours.solar_to_load_mw, LOAD[0][1], LOAD[0][0]);
    base = area(base, hours.discharge_mw, LOAD[1][1], LOAD[1][0]);
    area(base, hours.unserved_mw, LOAD[2][1], LOAD[2][0]);
    add(svg, "path", { d: path(hours.solar_mw.map(v => Math.min(v, most)).flatMap((v, k) => [[x(k), y(v)], [x(k + 1), y(v)]])), fill: "none", stroke: "var(--ink)", "stroke-width": 1.3 });
    add(svg, "line", { x1: left, x2: right, y1: bottom, y2: bottom, class: "axis" });
    const usable = site.plant.battery_mwh * site.usable_fraction, charge = linear(0, Math.max(usable, 1e-9), floor, low);
    add(svg, "text", { x: 0, y: low - 8, class: "soft" }, "MWh");
    for (const value of [0, usable]) {
      add(svg, "line", { x1: left, x2: right, y1: charge(value), y2: charge(value), class: "rule" });
      add(svg, "text", { x: left - 6, y: charge(value) + 4, "text-anchor": "end", class: "soft" }, number(value));
    }
    const store = hours.soc_mwh.map((v, k) => [x(k + 1), charge(v)]);
    add(svg, "path", { d: `M${x(1).toFixed(1)} ${floor}` + path(store).replace("M", "L") + `L${x(count).toFixed(1)} ${floor}Z`, fill: "var(--sky)" });
    add(svg, "line", { x1: left, x2: right, y1: floor, y2: floor, class: "axis" });
    w.days.forEach((day, k) => {
      if (k) add(svg, "line", { x1: x(k * 24), x2: x(k * 24), y1: top, y2: floor, class: "rule" });
      add(svg, "text", { x: x(k * 24 + 12), y: floor + 16, "text-anchor": "middle", class: "soft" }, width > 380 || k % 2 === 0 ? day : "");
    });
    return floor + 22;
  });

  const c = site.calendar;
  plot(`calendar-${n}`, `Days with outages at ${site.name} in ${c.years.length} weather years: ${c.days.length} days`, (svg, width) => {
    const left = 52, right = width - 4, row = Math.max(9, Math.min(20, 120 / c.years.length)), top = 18;
    const bottom = top + row * c.years.length, x = linear(0, 366, left, right);
    const each = Math.max(1, Math.ceil(13 / row));
    [0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366].forEach((day, k) => {
      add(svg, "line", { x1: x(day), x2: x(day), y1: top, y2: bottom, class: "rule" });
      if (k < 12) add(svg, "text", { x: x(day + 15), y: 12, "text-anchor": "middle", class: "soft" }, MONTHS[k]);
    });
    c.years.forEach((year, k) => {
      add(svg, "line", { x1: left, x2: right, y1: top + k * row, y2: top + k * row, class: "rule" });
      if (k % each === 0) add(svg, "text", { x: left - 6, y: top + k * row + Math.min(row, 16) / 2 + 4, "text-anchor": "end", class: "soft" }, year);
    });
    add(svg, "line", { x1: left, x2: right, y1: bottom, y2: bottom, class: "rule" });
    for (const [k, day, fraction, short] of c.days) {
      const across = Math.max(2, x(1) - x(0));
      const mark = add(svg, "rect", { x: x(day + 0.5) - across / 2, y: top + k * row + 1, width: across, height: row - 1.5, fill: shade(fraction) });
      add(mark, "title", {}, `${c.years[k]}, day ${day + 1} of 366: ${few(short)} h, ${(fraction * 100).toPrecision(2)} % of the load not served`);
    }
    return bottom + 6;
  });
});

/* Five steps of one hue, from the first minute to a whole day. */
function shade(fraction) {
  const step = [0.05, 0.15, 0.3, 0.5].filter(edge => fraction >= edge).length;
  return `color-mix(in srgb, var(--red) ${[30, 50, 70, 88, 100][step]}%, var(--${step === 4 ? "ink" : "paper"}) ${[70, 50, 30, 12, 0][step]}%)`;
}
legend("calendar-legend", [["below 5 %", shade(0)], ["5–15 %", shade(0.1)], ["15–30 %", shade(0.2)], ["30–50 %", shade(0.4)], ["above 50 % of the day’s load", shade(0.9)]]);

plot("spread", () => "Cost of plants sized on single weather years. " + sites.map(s => `${s.name}: ${few(s.uncertainty.usd_per_mwh)} $/MWh` + (s.uncertainty.low_usd_per_mwh === null ? "" : `, 90 % interval ${few(s.uncertainty.low_usd_per_mwh)} to ${few(s.uncertainty.high_usd_per_mwh)}`)).join("; "), (svg, width) => {
  const order = data.rankings[data.asked].map(row => row.site), roomy = width > 520;
  const names = order.map(n => fit(sites[n].name, roomy ? width / 3 : width, roomy ? 400 : 600));
  const left = roomy ? widest(names) + 16 : 8, right = width - 14, tall = roomy ? 30 : 44, top = 14;
  const values = sites.flatMap(s => [s.uncertainty.usd_per_mwh, s.uncertainty.low_usd_per_mwh, s.uncertainty.high_usd_per_mwh, ...s.uncertainty.years_usd_per_mwh]).filter(v => v !== null);
  const low = Math.min(...values), high = Math.max(...values), room = (high - low) * 0.06 || high * 0.05;
  const x = linear(low - room, high + room, left, right), bottom = top + tall * order.length;
  xAxis(svg, x, ticks(low - room, high + room, width > 500 ? 7 : 4), top, bottom);
  add(svg, "text", { x: left, y: bottom + 34, class: "soft" }, YEARLY());
  order.forEach((n, k) => {
    const s = sites[n].uncertainty, y = top + tall * k + (roomy ? tall / 2 : tall * 0.68);
    add(svg, "text", roomy ? { x: left - 10, y: y + 4, "text-anchor": "end" } : { x: 0, y: top + tall * k + 14, "font-weight": 600 }, names[k]);
    if (s.low_usd_per_mwh !== null) add(svg, "rect", { x: x(s.low_usd_per_mwh), y: y - 5, width: x(s.high_usd_per_mwh) - x(s.low_usd_per_mwh), height: 10, fill: "var(--blue)", "fill-opacity": 0.25 });
    if (s.years_usd_per_mwh.length > 1) s.years_usd_per_mwh.forEach((v, j) => {
      if (v === null) return;
      const dot = add(svg, "circle", { cx: x(v), cy: y, r: 4, fill: "none", stroke: "var(--blue)", "stroke-width": 1.6 });
      add(dot, "title", {}, `${s.years[j]}: ${few(v)} $/MWh alone; the plant of all years serves ${(s.years_served_fraction[j] * 100).toFixed(3)} %`);
    });
    add(svg, "path", { d: `M${x(s.usd_per_mwh)} ${y - 8}l7 8l-7 8l-7 -8Z`, fill: "var(--orange)", stroke: "var(--paper)" });
  });
  return bottom + 42;
});

/* What the hours without full supply are due to, and what the years do to the plant. */
const CAUSES = [["weather", "var(--blue)"], ["both", "var(--orange)"], ["equipment", "var(--red)"]];
const asked = data.rankings[data.asked];
const lolh = n => `${few(sites[n].failures.lolh)} h (${few(sites[n].failures.lolh_alone)} h by weather alone)`;
plot("causes", () => "Bars of the hours a year that are not served in full, by cause. " + asked.map(({ site }) => `${sites[site].name}: `
  + CAUSES.map(([cause]) => `${cause} ${few(sites[site].failures.causes[cause])}`).join(", ")).join("; "), (svg, width, slice) =>
  bars(svg, width, slice.map(({ site }) => ({
    name: sites[site].name, end: width > 480 ? lolh(site) : `${few(sites[site].failures.lolh)} h`,
    parts: CAUSES.map(([cause, fill]) => ({ usd: sites[site].failures.causes[cause], fill, told: cause })),
  })), Math.max(1e-9, ...sites.map(site => site.failures.lolh)), "h a year", CAUSES), () => {
  const slices = [];
  for (let n = 0; n === 0 || n < asked.length; n += 30) slices.push(asked.slice(n, n + 30));
  return slices;
});

const LINES = [["var(--blue)", ""], ["var(--red)", "7 3"]];
const health_of = sites.flatMap(site => [...site.life.solar, ...site.life.battery]);
const served = sites.flatMap(site => site.life.lines.flatMap(line => line.served));
legend("life-legend", [...sites[0].life.lines.map((line, k) => [`energy served, ${line.words}`, LINES[k][0], true]),
  ["array, of what was built", "var(--orange)", true], ["battery, of what was built", "var(--green)", true]]);
sites.forEach((site, n) => {
  const { lines, solar, battery, added } = site.life, years = solar.length;
  plot(`life-${n}`, `Energy served and state of health by year of service at ${site.name}. ` + lines.map(line => `${line.words}: ${(100 * line.served[0]).toFixed(2)} % in the first year, ${(100 * line.worst).toFixed(2)} % in year ${line.worst_year}`).join("; ")
    + `. Array ${(100 * solar.at(-1)).toFixed(0)} % and battery ${(100 * battery.at(-1)).toFixed(0)} % of what was built in the last year`, (svg, width) => {
    const left = 52, right = width - 8, top = 24, bottom = 150, second = 186, floor = 276;
    const low = Math.min(...served), room = Math.max((1 - low) * 0.08, 1e-4);
    /* All sites share one scale, so that their years can be set side by side. */
    const x = linear(0.5, years + 0.5, left, right), y = linear(100 * (low - room), 100, bottom, top);
    yAxis(svg, y, ticks(100 * (low - room), 100, 4), left, right, "% of the energy served", v => String(+v.toFixed(3)));
    const [worst, health] = [Math.floor, Math.ceil].map((round, k) => round((k ? Math.max : Math.min)(1, ...health_of) * 10) * 10);
    const least = Math.min(worst, 90), h = linear(least, health, floor, second);
    yAxis(svg, h, ticks(least, health, 3), left, right, "");
    add(svg, "text", { x: 0, y: second - 10, class: "soft" }, "% of what was built");
    for (const { year } of added) add(svg, "line", { x1: x(year), x2: x(year), y1: top, y2: floor, stroke: "var(--soft)", "stroke-dasharray": "1 3" });
    const step = (values, scale, stroke, dashes, told) => add(add(svg, "path", {
      d: path(values.flatMap((v, k) => [[x(k + 0.5), scale(100 * v)], [x(k + 1.5), scale(100 * v)]])), fill: "none", stroke, "stroke-width": 2, "stroke-dasharray": dashes,
    }), "title", {}, told);
    lines.forEach((line, k) => step(line.served, y, ...LINES[k], line.words));
    step(solar, h, "var(--orange)", "", "array");
    step(battery, h, "var(--green)", "7 3", "battery");
    add(svg, "line", { x1: left, x2: right, y1: floor, y2: floor, class: "axis" });
    for (const year of [1, ...ticks(1, years, 5).filter(v => v > 1 && Number.isInteger(v))]) add(svg, "text", { x: x(year), y: floor + 16, "text-anchor": "middle", class: "soft" }, year);
    add(svg, "text", { x: (left + right) / 2, y: floor + 34, "text-anchor": "middle", class: "soft" }, "year of service");
    return floor + 40;
  });
});

if (data.sensitivity) legend("sensitivity-legend", [["low end of its range", "var(--sky)"], ["high end", "var(--orange)"]]);
if (data.sensitivity) plot("sensitivity", () => "Sensitivity of the cost, largest swing first. " + data.sensitivity.rows.slice(0, 15).map(r => `${r.name}: ` + [r.levelized_low_usd_per_mwh, r.levelized_high_usd_per_mwh].map(usd => usd === null ? "no plant" : few(usd)).join(" to ")).join("; "), (svg, width) => {
  const shown = data.sensitivity.rows.slice(0, 15), roomy = width > 560;
  const left = roomy ? widest(shown.map(row => row.name)) + 16 : 8, right = width - 16, tall = roomy ? 24 : 40, top = 8;
  const values = shown.flatMap(r => [r.levelized_low_usd_per_mwh, r.levelized_high_usd_per_mwh]).filter(v => v !== null), middle = data.sensitivity.usd_per_mwh;
  const low = Math.min(...values, middle), high = Math.max(...values, middle), room = (high - low) * 0.1 || 1;
  const x = linear(low - room, high + room, left, right), bottom = top + tall * shown.length;
  xAxis(svg, x, ticks(low - room, high + room, width > 500 ? 6 : 3), top, bottom);
  shown.forEach((r, k) => {
    const y = top + tall * k + (roomy ? 4 : 20);
    add(svg, "text", roomy ? { x: left - 10, y: y + 12, "text-anchor": "end" } : { x: 0, y: y - 5 }, r.name);
    for (const [end, fill] of [["low", "var(--sky)"], ["high", "var(--orange)"]]) {
      const usd = r[`levelized_${end}_usd_per_mwh`];
      if (usd === null) continue; /* no plant at that end */
      const a = x(Math.min(usd, middle)), b = x(Math.max(usd, middle));
      add(add(svg, "rect", { x: a, y, width: b - a, height: 15, fill }), "title", {}, `${r.name} ${few(r[end])}: ${few(usd)} $/MWh`);
    }
  });
  add(svg, "line", { x1: x(middle), x2: x(middle), y1: top, y2: bottom, class: "axis" });
  add(svg, "text", { x: left, y: bottom + 34, class: "soft" }, YEARLY());
  return bottom + 42;
});

/* --- the control -------------------------------------------------------------------------------- */

const body = document.querySelector("#ranking tbody");
function table() {
  let rank = 0;
  body.replaceChildren(...data.rankings[at()].map(row => {
    const line = document.createElement("tr");
    line.setAttribute("role", "row");
    line.dataset.site = row.site;
    html(line, "td", row.cells ? String(++rank) : "–", { role: "cell", "data-head": "rank" });
    const head = html(line, "th", undefined, { scope: "row", role: "rowheader" });
    html(head, "a", sites[row.site].name, { href: `#site-${row.site}` });
    if (sites[row.site].place) html(head, "span", sites[row.site].place, { class: "place" });
    if (row.cells) row.cells.forEach((cell, n) => html(line, "td", cell, { role: "cell", "data-head": data.columns[n] }));
    else html(line, "td", "no plant within the limits serves that much", { role: "cell", class: "lacking", colspan: data.columns.length });
    if (row.cells) line.dataset.usdPerMwh = row.usd_per_mwh;
    return line;
  }));
}
function follow() {
  const { percent, label, words } = data.targets[at()];
  target.setAttribute("aria-valuetext", words);
  document.getElementById("target-told").textContent = percent;
  document.getElementById("answer").textContent = data.answers[at()];
  for (const place of document.querySelectorAll(".now")) place.textContent = label;
  document.getElementById("asked").disabled = at() === data.asked;
  table();
  for (const entry of plots) if (["curve", "parts", "beside", "land"].includes(entry.place.id)) entry.draw();
}
target.addEventListener("input", follow);
document.getElementById("asked").addEventListener("click", () => { target.value = data.asked; follow(); });
document.getElementById("control").addEventListener("submit", event => event.preventDefault());
/* A browser may keep the control's place over a reload; the page starts with the question. */
target.value = data.asked;
for (const entry of plots) entry.draw();
follow();
const watch = new ResizeObserver(() => {
  for (const entry of plots) if (entry.place.clientWidth !== entry.width) entry.draw();
});
for (const entry of plots) watch.observe(entry.place);
/* On paper the plots have the paper's width, so that their text has its size. */
addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll("details")) part.open = true;
  document.documentElement.classList.add("paper");
  for (const entry of plots) entry.draw();
});
addEventListener("afterprint", () => {
  document.documentElement.classList.remove("paper");
  for (const entry of plots) entry.draw();
});
})();
