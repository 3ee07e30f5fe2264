// Time from an input to the picture that answers it: from the event's own time stamp to the moment
// after the next frame was drawn. The times, in milliseconds, gather in `redraws`.
() => {
  window.redraws = [];
  const start = (event) => {
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => {
        window.redraws.push(performance.now() - event.timeStamp);
      };
      channel.port2.postMessage(0);
    });
  };
  for (const type of ["keydown", "pointerdown", "pointermove", "input"]) {
    window.addEventListener(type, start, true);
  }
}
