// A picture of the stage as a PNG file, made here from its SVG.

const STYLES = [
	"fill",
	"fill-opacity",
	"stroke",
	"stroke-width",
	"stroke-dasharray",
	"stroke-linecap",
	"stroke-linejoin",
	"opacity",
	"font-family",
	"font-size",
	"font-weight",
	"font-stretch",
	"text-anchor",
	"visibility",
];

/** A copy that looks the same without the page's style sheet. */
const alone = (svg) => {
	const copy = svg.cloneNode(true);
	const from = [svg, ...svg.querySelectorAll("*")],
		to = [copy, ...copy.querySelectorAll("*")];
	from.forEach((element, place) => {
		const style = getComputedStyle(element);
		for (const name of STYLES) to[place].setAttribute(name, style.getPropertyValue(name));
		to[place].removeAttribute("class");
	});
	return copy;
};

/** Save the stage's pictures, one file each, at twice their size on the screen or 1600 pixels, whichever is more. */
export const savePicture = async (name) => {
	const pictures = [...document.querySelectorAll("#stage figure svg")];
	for (const [place, svg] of pictures.entries()) {
		const [, , wide, high] = svg.getAttribute("viewBox").split(" ").map(Number);
		const width = Math.round(Math.max(1600, 2 * svg.clientWidth)),
			height = Math.round((width * high) / wide);
		const copy = alone(svg);
		copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
		copy.setAttribute("width", width);
		copy.setAttribute("height", height);
		const image = new Image();
		image.src = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(copy)], { type: "image/svg+xml" }));
		await image.decode();
		const canvas = document.createElement("canvas");
		const edge = Math.round(width * 0.03);
		canvas.width = width + 2 * edge;
		canvas.height = height + 2 * edge;
		const paint = canvas.getContext("2d");
		paint.fillStyle = getComputedStyle(document.body).backgroundColor;
		paint.fillRect(0, 0, canvas.width, canvas.height);
		paint.drawImage(image, edge, edge, width, height);
		URL.revokeObjectURL(image.src);
		const file = await new Promise((done) => canvas.toBlob(done, "image/png"));
		const link = document.createElement("a");
		link.href = URL.createObjectURL(file);
		link.download = `${name}${place ? `-${place + 1}` : ""}.png`;
		link.click();
		setTimeout(() => URL.revokeObjectURL(link.href), 10000);
	}
};
