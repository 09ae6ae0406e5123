using System.Reflection;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Fuzz.Tests;

/// <summary>No decoder of the protocol is left out: whoever adds one adds a target.</summary>
public sealed class CoverTests
{
    private static readonly string[] Verbs =
        ["TryDecode", "Decode", "TryParse", "TryRead", "TryOpen", "Read", "ReadHeader", "ReadBody"];

    private static readonly Type[] Inputs = [typeof(ReadOnlySpan<byte>), typeof(string), typeof(Script)];

    [Fact]
    public void Every_decoder_of_the_protocol_is_run_by_a_target()
    {
        string[] covered = [.. FuzzTargets.All.SelectMany(target => target.Covers).Distinct()];
        string[] decoders = [.. Decoders(typeof(Transaction).Assembly)];
        Assert.Equal([], decoders.Except(covered));
        Assert.Equal([], covered.Except(decoders));
    }

    [Fact]
    public void A_decoder_is_found_by_what_it_takes() =>
        Assert.Equal(["Control.Decode", "Control.TryParse"], Decoders(typeof(CoverTests).Assembly));

    /// <summary>Static methods, public or internal, that read bytes, a text or a script.</summary>
    private static IEnumerable<string> Decoders(Assembly assembly) => assembly.GetTypes()
        .SelectMany(type => type.GetMethods(
            BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
        .Where(method => !method.IsPrivate && Verbs.Contains(method.Name)
            && method.GetParameters().Any(parameter => Inputs.Contains(parameter.ParameterType)))
        .Select(method => $"{method.DeclaringType!.Name}.{method.Name}")
        .Distinct().Order(StringComparer.Ordinal);

    /// <summary>The negative control.</summary>
    private static class Control
    {
        internal static int Decode(ReadOnlySpan<byte> bytes) => bytes.Length;

        internal static bool TryParse(string text, out int value) => int.TryParse(text, out value);

        internal static int Read(int count) => count;
    }
}
