// Browsers too old for modules get the page that needs no script.
location.replace('/basic');
