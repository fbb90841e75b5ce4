import "./style.css";
document.body.append("Vitrine");
