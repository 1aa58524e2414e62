/** The looks of a report: the reader's own fonts, light and dark. */
export const REPORT_STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; }
h3 small { font-weight: normal; opacity: .7; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #8884; vertical-align: top; }
section { border-left: 3px solid #2a8; padding-left: 1rem; margin: 1.5rem 0; }
section.failed, section.refused { border-color: #c33; }
section.open, section.expired { border-color: #c90; }
pre { overflow-x: auto; padding: .6rem; background: #8882; font-size: 13px; white-space: pre-wrap; overflow-wrap: anywhere; }
summary { cursor: pointer; }
.add { background: #2a83; } .del { background: #c333; } .meta { opacity: .6; }
`;
