/** The page's whole style: nothing is fetched. Dark by the reader's own setting, light on paper. */
export const style = `
:root{--ground:#fff;--text:#1a1a1a;--muted:#4f5358;--line:#dfe2e6;--band:#f3f4f6;--link:#005a8c;--bad:#b03a00;--good:#00724f;--open:#7a4f00}
@media screen and (prefers-color-scheme:dark){:root{--ground:#1a1d21;--text:#f2f3f5;--muted:#b9bec5;--line:#3a3e45;--band:#23272c;--link:#7cc4f0;--bad:#ff8f55;--good:#35d3a5;--open:#f0b94a}}
*{box-sizing:border-box}
html{color-scheme:light dark}
body{margin:0 auto;padding:1.5rem 1rem 4rem;max-width:62rem;background:var(--ground);color:var(--text);font:1rem/1.5 "DejaVu Sans",Verdana,system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.7rem;line-height:1.25;margin:0 0 .5rem}
h2{font-size:1.3rem;margin:2.5rem 0 .75rem;padding-bottom:.25rem;border-bottom:1px solid var(--line)}
h3{font-size:1.05rem;margin:1.5rem 0 .25rem}
a{color:var(--link)}
blockquote{margin:1rem 0;padding:.25rem 1rem;border-left:4px solid var(--line);color:var(--muted)}
nav ul{columns:14rem;padding-left:1.2rem}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem}
.verdicts{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.5rem}
.verdicts li{border:1px solid var(--line);border-radius:.4rem;padding:.3rem .7rem;background:var(--band)}
.held,.completed,.verified{color:var(--good)}.refuted,.unverified,.failed{color:var(--bad)}.inconclusive,.aborted,.interrupted{color:var(--open)}
.wide{overflow-x:auto;margin:.75rem 0}
table{border-collapse:collapse;font-size:.9rem;min-width:50%}
caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
th,td{text-align:left;vertical-align:top;padding:.35rem .7rem;border-bottom:1px solid var(--line);font-weight:400;overflow-wrap:break-word}
thead th{font-weight:700;background:var(--band)}
dl{display:grid;grid-template-columns:minmax(8rem,max-content) 1fr;gap:.25rem 1rem}
dt{color:var(--muted)}dd{margin:0}
figure{margin:1.5rem 0}
figure img{display:block;width:100%;max-width:60rem;height:auto;border:1px solid var(--line);border-radius:.4rem}
figcaption{color:var(--muted);font-size:.9rem;margin-top:.4rem}
code{font-family:"DejaVu Sans Mono",Consolas,monospace;font-size:.9em}
.severity{text-transform:uppercase;font-size:.8em;letter-spacing:.04em;border:1px solid currentColor;border-radius:.3rem;padding:0 .35rem;margin-right:.4rem}
.critical,.high{color:var(--bad)}.medium{color:var(--open)}
footer{margin-top:3rem;color:var(--muted);font-size:.85rem}
@media (max-width:30rem){dl{grid-template-columns:1fr}dt{margin-top:.4rem}}
@media print{body{max-width:none;padding:0;font-size:10pt}nav,.skip{display:none}.wide{overflow:visible}figure,.finding,tr{break-inside:avoid}h2,h3{break-after:avoid}a{color:inherit;text-decoration:none}}
`;
