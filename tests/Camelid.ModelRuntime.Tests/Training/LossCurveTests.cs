using System.Globalization;
using System.Xml.Linq;
using Camelid.ModelRuntime.Training;

namespace Camelid.ModelRuntime.Tests.Training;

public sealed class LossCurveTests
{
    private static readonly LossPoint[] Points =
        [.. Enumerable.Range(1, 80).Select(i => new LossPoint(50 * i, 0.3 + 6.0 / i))];

    [Fact]
    public void The_drawing_is_well_formed_and_numbers_both_axes()
    {
        XDocument svg = XDocument.Parse(LossCurve.ToSvg(Points, "loss"));
        string[] texts = [.. svg.Descendants().Where(item => item.Name.LocalName == "text").Select(item => item.Value)];
        Assert.Superset(new HashSet<string> { "0", "1,000", "4,000", "0.5", "1", "2", "4" }, texts.ToHashSet());
    }

    [Fact]
    public void No_point_lies_outside_the_drawing()
    {
        XDocument svg = XDocument.Parse(LossCurve.ToSvg([new(1, 0), new(2, 900), new(3, 1e-9)], "loss"));
        string line = svg.Descendants().Last(item => item.Name.LocalName == "path").Attribute("d")!.Value;
        foreach (string point in line[1..].Split('L'))
        {
            double[] at = [.. point.Split(' ').Select(number => double.Parse(number, CultureInfo.InvariantCulture))];
            Assert.InRange(at[0], 0, 720);
            Assert.InRange(at[1], 0, 360);
        }
    }

    [Fact]
    public void The_curve_of_the_built_in_model_falls_below_half_a_nat()
    {
        string path = Path.Combine(Camelid.ModelRuntime.Packages.ModelPackage.EmbeddedFolder, "training.json");
        IReadOnlyList<LossPoint> curve = LossCurve.Read(File.ReadAllText(path));
        Assert.True(curve[^1].Loss < 0.5, $"{curve[^1]}");
        Assert.True(curve[^1].Loss < 0.2 * curve[0].Loss, $"{curve[0]}, {curve[^1]}");
    }
}
