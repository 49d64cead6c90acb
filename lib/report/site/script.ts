/** What the site does in a browser: a figure that comes into view is drawn by Plotly, which is loaded then, once, from the site's own folder. */
export const script = `(function () {
  var source = document.currentScript.getAttribute("data-plotly"), asked = [];
  function plotly(then) {
    if (window.Plotly) { then(); return; }
    asked.push(then);
    if (asked.length > 1) return;
    var element = document.createElement("script");
    element.src = source;
    element.onload = function () { asked.forEach(function (one) { one(); }); };
    document.head.appendChild(element);
  }
  function draw(holder) {
    var spec = JSON.parse(holder.querySelector("script").textContent), frame = holder.querySelector(".frame");
    var live = document.createElement("div");
    live.className = "live";
    live.style.height = (spec.layout.height || 420) + "px";
    frame.appendChild(live);
    holder.classList.add("drawn");
    window.Plotly.newPlot(live, spec.data, Object.assign({}, spec.layout, { autosize: true }), { responsive: true, displaylogo: false, displayModeBar: false })
      .catch(function () { live.remove(); holder.classList.remove("drawn"); });
  }
  var figures = document.querySelectorAll("figure.plot");
  if (figures.length === 0 || !("IntersectionObserver" in window)) return;
  var watch = new IntersectionObserver(function (entries) {
    entries.filter(function (entry) { return entry.isIntersecting; }).forEach(function (entry) {
      watch.unobserve(entry.target);
      plotly(function () { draw(entry.target); });
    });
  }, { rootMargin: "200px" });
  figures.forEach(function (figure) { watch.observe(figure); });
})();
`;
