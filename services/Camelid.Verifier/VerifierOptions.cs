using System.Globalization;

namespace Camelid.Verifier;

/// <summary>A verifier's settings, from <c>Verifier:*</c> and <c>Camelid:*</c>.</summary>
internal sealed record VerifierOptions
{
    /// <summary>The engine beside the verifier stays idle: its smallest size.</summary>
    public const int Slots = 1;

    private const int ThreadsMax = 256;
    private const string ModelDefault = "camelid-nano";

    /// <summary>Threads of the runtime: <c>Verifier:Threads</c>.</summary>
    public required int Threads { get; init; }

    /// <summary>Name or root of the model: <c>Camelid:Model</c>.</summary>
    public required string Model { get; init; }

    /// <summary>Reads and checks the settings.</summary>
    /// <exception cref="InvalidOperationException">The message names the setting and what it may be.</exception>
    public static VerifierOptions Read(IConfiguration configuration)
    {
        string text = configuration["Verifier:Threads"] is { Length: > 0 } threads ? threads : "1";
        if (!int.TryParse(text, CultureInfo.InvariantCulture, out int number) || number is < 1 or > ThreadsMax)
        {
            throw new InvalidOperationException($"Verifier:Threads is '{text}'; it may be 1 to {ThreadsMax}");
        }

        return new VerifierOptions
        {
            Threads = number,
            Model = configuration["Camelid:Model"] is { Length: > 0 } model ? model : ModelDefault,
        };
    }
}
