/** The trace types of plotly.js; anything else with a `type` is ordinary data. */
export const traceTypes: ReadonlySet<string> = new Set([
  "bar", "barpolar", "box", "candlestick", "carpet", "choropleth", "choroplethmap", "choroplethmapbox", "cone", "contour",
  "contourcarpet", "densitymap", "densitymapbox", "funnel", "funnelarea", "heatmap", "heatmapgl", "histogram", "histogram2d",
  "histogram2dcontour", "icicle", "image", "indicator", "isosurface", "mesh3d", "ohlc", "parcats", "parcoords", "pie",
  "pointcloud", "quiver", "sankey", "scatter", "scatter3d", "scattercarpet", "scattergeo", "scattergl", "scattermap",
  "scattermapbox", "scatterpolar", "scatterpolargl", "scattersmith", "scatterternary", "splom", "streamtube", "sunburst",
  "surface", "table", "treemap", "violin", "volume", "waterfall",
]);
