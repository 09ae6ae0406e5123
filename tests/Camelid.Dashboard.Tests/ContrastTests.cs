using System.Globalization;
using System.Text.RegularExpressions;
using Camelid.Dashboard.Assets;

namespace Camelid.Dashboard.Tests;

/// <summary>
/// WCAG 2.2 AA, criterion 1.4.3: text has at least 4.5 times the luminance of its ground, or the reverse.
/// </summary>
public sealed partial class ContrastTests
{
    private const double RatioMin = 4.5;

    [Theory]
    [InlineData("ink", "ground")]
    [InlineData("ink", "panel")]
    [InlineData("muted", "ground")]
    [InlineData("muted", "panel")]
    [InlineData("accent", "panel")]
    [InlineData("accent", "ground")]
    [InlineData("good", "panel")]
    [InlineData("bad", "panel")]
    [InlineData("good", "good-ground")]
    [InlineData("busy", "busy-ground")]
    [InlineData("bad", "bad-ground")]
    [InlineData("quiet", "quiet-ground")]
    public void Text_can_be_read_on_its_ground_in_light_and_in_dark(string text, string ground)
    {
        List<Dictionary<string, double>> schemes = Schemes();
        Assert.Equal(2, schemes.Count);
        Assert.All(schemes, scheme => Assert.InRange(Ratio(scheme[text], scheme[ground]), RatioMin, 21));
    }

    [Fact]
    public void The_measure_refuses_grey_on_white() =>
        Assert.InRange(Ratio(Luminance("999999"), Luminance("ffffff")), 1, RatioMin);

    /// <summary>Luminance of each colour, by scheme: light, then dark.</summary>
    private static List<Dictionary<string, double>> Schemes()
    {
        using Stream stream = typeof(AssetsEndpoint).Assembly
            .GetManifestResourceStream(typeof(AssetsEndpoint).Namespace + ".camelid.css")!;
        using StreamReader reader = new(stream);
        return [.. Root().Matches(reader.ReadToEnd()).Select(root => Colour().Matches(root.Value)
            .ToDictionary(match => match.Groups[1].Value, match => Luminance(match.Groups[2].Value)))];
    }

    private static double Ratio(double one, double other) =>
        (Math.Max(one, other) + 0.05) / (Math.Min(one, other) + 0.05);

    private static double Luminance(string rgb)
    {
        double[] channels = [.. Enumerable.Range(0, 3).Select(index =>
            int.Parse(rgb.AsSpan(index * 2, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 255.0)];
        double[] linear = [.. channels.Select(value =>
            value <= 0.04045 ? value / 12.92 : Math.Pow((value + 0.055) / 1.055, 2.4))];
        return (0.2126 * linear[0]) + (0.7152 * linear[1]) + (0.0722 * linear[2]);
    }

    [GeneratedRegex(@":root \{[^}]*\}")]
    private static partial Regex Root();

    [GeneratedRegex(@"--([a-z-]+): #([0-9a-f]{6});")]
    private static partial Regex Colour();
}
