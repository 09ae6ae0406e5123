using System.Globalization;

namespace Camelid.Simulation.Tests;

/// <summary>The seeds of this run: fresh ones, or those that <c>CAMELID_SEED</c> begins with.</summary>
internal static class Seeds
{
    private const int SeedsCount = 1 << 30;
    private const string Variable = "CAMELID_SEED";

    /// <summary>The first seed.</summary>
    public static int First { get; } = Choose();

    private static int Choose()
    {
        string? given = Environment.GetEnvironmentVariable(Variable);
        int seed = string.IsNullOrEmpty(given)
            ? Random.Shared.Next(SeedsCount)
            : (int)(ulong.Parse(given, NumberStyles.None, CultureInfo.InvariantCulture) % SeedsCount);
        Console.WriteLine($"simulation: {Variable}={seed} replays this");
        return seed;
    }
}
