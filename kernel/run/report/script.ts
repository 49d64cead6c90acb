/** What a report does in the browser: the code switch, the contents on small screens, and drawing the figures. */
export const behaviour = `
(function () {
  var button = document.getElementById("toggle-code");
  var codes = document.querySelectorAll("details.code");
  if (codes.length > 0) {
    button.hidden = false;
    button.addEventListener("click", function () {
      var open = button.textContent === "Show code";
      codes.forEach(function (code) { code.open = open; });
      button.textContent = open ? "Hide code" : "Show code";
    });
  }
  var contents = document.querySelector("nav details");
  if (contents && window.matchMedia("(max-width: 87.99rem)").matches) contents.open = false;
  var figures = Array.prototype.slice.call(document.querySelectorAll("figure.plotly"));
  function drawNext() {
    var holder = figures.shift();
    if (!holder || !window.Plotly) return;
    var spec = JSON.parse(holder.querySelector("script").textContent);
    var graph = document.createElement("div");
    graph.className = "live";
    graph.style.height = ((spec.layout && spec.layout.height) || 450) + "px";
    holder.appendChild(graph);
    holder.classList.add("drawn");
    var layout = Object.assign({}, spec.layout, { autosize: true });
    delete layout.width;
    var config = Object.assign({ responsive: true, displaylogo: false }, spec.config);
    Plotly.newPlot(graph, { data: spec.data || [], layout: layout, config: config, frames: spec.frames || [] })
      .catch(function () { graph.remove(); holder.classList.remove("drawn"); })
      .then(function () { window.setTimeout(drawNext, 0); });
  }
  drawNext();
})();
`;
