using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Camelid.Contracts.Chain.V1;
using Google.Protobuf;

namespace Camelid.Contracts.Tests;

/// <summary>
/// What stands in a queue or an outbox is read by the next version too: names and forms of the messages are fixed.
/// </summary>
public sealed class MessageTests
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static TheoryData<string> Messages => [.. Types.Keys.Order(StringComparer.Ordinal)];

    private static Dictionary<string, Type> Types { get; } = typeof(BlockConnected).Assembly.GetExportedTypes()
        .Where(type => type.GetMethod("<Clone>$") is not null && !type.IsAssignableTo(typeof(IMessage)))
        .ToDictionary(type => type.FullName!["Camelid.Contracts.".Length..]);

    [Theory]
    [MemberData(nameof(Messages))]
    public void A_message_is_written_as_its_golden_file_says(string name) =>
        GoldenFile.Equal(name + ".json", JsonSerializer.Serialize(Sample(Types[name]), Types[name], Indented));

    [Theory]
    [MemberData(nameof(Messages))]
    public void A_message_survives_writing_and_reading(string name)
    {
        Type type = Types[name];
        string written = JsonSerializer.Serialize(Sample(type), type);
        object? read = JsonSerializer.Deserialize(written, type);
        Assert.IsType(type, read);
        foreach (PropertyInfo property in Properties(type))
        {
            Assert.Equivalent(ValueOf(property), property.GetValue(read), strict: true);
        }
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public void A_message_that_lacks_a_required_property_is_refused(string name)
    {
        Assert.Contains(
            Properties(Types[name]), property => property.IsDefined(typeof(RequiredMemberAttribute)));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize("{}", Types[name]));
    }

    [Fact]
    public void Every_message_has_a_golden_file_and_no_golden_file_is_left_over() =>
        Assert.Equal(
            [.. Types.Keys.Select(name => name + ".json").Order(StringComparer.Ordinal)], GoldenFile.Names(".json"));

    private static PropertyInfo[] Properties(Type type) =>
        [.. type.GetProperties().Where(property => property.CanWrite)];

    /// <summary>A message in which no property has its default value.</summary>
    private static object Sample(Type type)
    {
        object message = RuntimeHelpers.GetUninitializedObject(type);
        foreach (PropertyInfo property in Properties(type))
        {
            property.SetValue(message, ValueOf(property));
        }

        return message;
    }

    private static object ValueOf(PropertyInfo property) => property.PropertyType switch
    {
        Type type when type == typeof(string) => $"the {property.Name}",
        Type type when type == typeof(int) => int.MinValue + property.Name.Length,
        Type type when type == typeof(uint) => uint.MaxValue - (uint)property.Name.Length,
        Type type when type == typeof(long) => long.MaxValue - property.Name.Length,
        Type type when type == typeof(bool) => true,
        Type type when type == typeof(byte[]) => "bytes of "u8.ToArray().Append((byte)property.Name.Length).ToArray(),
        Type type when type == typeof(IReadOnlyList<string>) => new[] { "first", "second" },
        _ => throw new NotSupportedException($"{property.DeclaringType}.{property.Name}: teach this test its type"),
    };
}
