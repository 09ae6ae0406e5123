using System.Globalization;
using Camelid.ModelRuntime.Tokenization;

namespace Camelid.ModelRuntime.Tests.Tokenization;

/// <summary>Normalisation form C, against vectors made with Python's unicodedata.</summary>
public sealed class CanonicalCompositionTests
{
    [Theory]
    [InlineData("65 301", "E9")]
    [InlineData("61 323 302", "1EAD")]
    [InlineData("61 302 323", "1EAD")]
    [InlineData("1E0B 323", "1E0D 307")]
    [InlineData("344", "308 301")]
    [InlineData("212B", "C5")]
    [InlineData("2126", "3A9")]
    [InlineData("958", "915 93C")]
    [InlineData("1100 1161 11A8", "AC01")]
    [InlineData("AC00 11A8", "AC01")]
    [InlineData("1100 1161", "AC00")]
    [InlineData("AC01 11A8", "AC01 11A8")]
    [InlineData("61 300 301 328 62", "105 300 301 62")]
    [InlineData("B47 B3E", "B4B")]
    [InlineData("B47 300 B3E", "B47 300 B3E")]
    [InlineData("1D15E", "1D157 1D165")]
    [InlineData("FB1D", "5D9 5B4")]
    [InlineData("71 307 323", "71 323 307")]
    [InlineData("315 300 61", "300 315 61")]
    [InlineData("73 323 307", "1E69")]
    [InlineData("1E69", "1E69")]
    [InlineData("11099 110BA", "1109A")]
    [InlineData("65 200D 301", "65 200D 301")]
    [InlineData("3B9 308 301", "390")]
    [InlineData("CC6 CC2 CD5", "CCB")]
    [InlineData("308 B47 307 1E69 93C B47 342", "308 B47 307 1E69 93C B47 342")]
    [InlineData("61 1161 B3E 300 342 65 45", "61 1161 B3E 300 342 65 45")]
    [InlineData("307 11A8 300", "307 11A8 300")]
    [InlineData("345 64 3B1 300 61 B47", "345 64 1F70 61 B47")]
    [InlineData("1100 308 45 B3E", "1100 308 45 B3E")]
    [InlineData("45 B3E 1E69 6F 75 313", "45 B3E 1E69 6F 75 313")]
    [InlineData("1161 75 75 61 61 301 B3E", "1161 75 75 61 E1 B3E")]
    [InlineData("45 45 323 328", "45 118 323")]
    [InlineData("345 915 342 301", "345 915 342 301")]
    [InlineData("93C 301 302 323", "93C 323 301 302")]
    [InlineData("307 1100 45", "307 1100 45")]
    [InlineData("308 6F 328 323", "308 1EB 323")]
    [InlineData("313 3B1 61 313 915 93C 328 6F 323", "313 3B1 61 313 915 93C 328 1ECD")]
    [InlineData("323 11A8 93C 328 45", "323 11A8 93C 328 45")]
    [InlineData("11A8 93C 45 65 308 61", "11A8 93C 45 EB 61")]
    [InlineData("307 302 61 345 1E69 1100 307 302", "307 302 61 345 1E69 1100 307 302")]
    [InlineData("61 1161 65 93C 45 313 301", "61 1161 65 93C 45 313 301")]
    [InlineData("B3E 300 1161", "B3E 300 1161")]
    [InlineData("AC00 307 AC00 308 B3E", "AC00 307 AC00 308 B3E")]
    [InlineData("64 3B1 B47 B3E 1E69 307", "64 3B1 B4B 1E69 307")]
    [InlineData("323 65 1100 6F 301 328 AC00 313 307", "323 65 1100 1EB 301 AC00 313 307")]
    [InlineData("328 308 93C 345", "93C 328 308 345")]
    [InlineData("323 915 328", "323 915 328")]
    [InlineData("45 1E69 6F 342 75", "45 1E69 6F 342 75")]
    [InlineData("93C 323 11A8 45 B47 65 6F 313", "93C 323 11A8 45 B47 65 6F 313")]
    public void Text_is_composed_as_unicode_says(string text, string expected)
    {
        Assert.Equal(Parse(expected), CanonicalComposition.Compose(Parse(text)));
        Assert.Equal(Parse(expected), CanonicalComposition.Compose(Parse(expected)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("plain")]
    [InlineData("caf\u00e9")]
    public void Text_below_the_combining_marks_is_the_same_object(string text) =>
        Assert.Same(text, CanonicalComposition.Compose(text));

    private static string Parse(string hex) => string.Concat(hex.Split(' ').Select(
        part => char.ConvertFromUtf32(int.Parse(part, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture))));
}
