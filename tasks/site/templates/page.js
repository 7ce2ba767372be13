"use strict";
(() => {
  // A file does not know what day it is: whoever opens it does.
  const day = 86400000;
  const { looked, newest, silence, seenFrom } = document.body.dataset;
  const today = Math.floor((seenFrom ? Date.parse(seenFrom) : Date.now()) / day);
  const daysSince = (text) => today - Math.floor(Date.parse(text) / day);
  const count = (n) => n + (n === 1 ? " day" : " days");
  const say = (element, words) => {
    const span = document.createElement("span");
    span.className = "age";
    span.textContent = " (" + words + ")";
    element.append(span);
  };
  for (const time of document.querySelectorAll("time[data-age]")) {
    const days = daysSince(time.dateTime);
    if (days >= 0) say(time, days === 0 ? "today" : count(days) + " ago");
  }
  for (const time of document.querySelectorAll("time[data-due]")) {
    const days = daysSince(time.dateTime);
    say(time, days < 0 ? "in " + count(-days) : days === 0 ? "today" : count(days) + " overdue");
  }
  const said = [];
  if (looked && daysSince(looked) > 2) {
    said.push("Nobody has asked for new data for " + count(daysSince(looked)) +
      ": the watch may have stopped, and what happened since is not on this page.");
  }
  if (newest && daysSince(newest) > Number(silence)) {
    said.push("The newest data are " + count(daysSince(newest)) + " old: what is said here may no longer stand.");
  }
  const stale = document.getElementById("stale");
  if (stale && said.length) {
    stale.textContent = said.join(" ");
    stale.hidden = false;
  }
  for (const chart of document.querySelectorAll(".wide")) chart.scrollLeft = chart.scrollWidth; // the newest first
  const stepper = document.getElementById("stepper");
  if (!stepper) return;
  const steps = [...stepper.querySelectorAll(".step")];
  const bar = document.createElement("p");
  const label = document.createElement("label");
  const slider = document.createElement("input");
  const output = document.createElement("output");
  label.htmlFor = slider.id = "slider";
  label.textContent = "Date";
  slider.type = "range";
  slider.min = 0;
  slider.max = steps.length - 1;
  bar.className = "slider";
  bar.append(label, slider, output);
  const show = (at) => {
    slider.value = at;
    steps.forEach((step, number) => { step.hidden = number !== at; });
    const date = steps[at].id.slice(3);
    output.textContent = date;
    slider.setAttribute("aria-valuetext", date);
  };
  slider.addEventListener("input", () => show(Number(slider.value)));
  stepper.querySelector(".steps").before(bar);
  stepper.querySelector(".steps").removeAttribute("tabindex");
  stepper.classList.add("sliding");
  const asked = steps.findIndex((step) => "#" + step.id === location.hash);
  show(asked < 0 ? steps.length - 1 : asked);
})();
