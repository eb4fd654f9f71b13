// What jsdom does not have, for all tests.

window.scrollTo = () => {};
