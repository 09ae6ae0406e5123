using System.Reflection;
using Camelid.Contracts.Chain.V1;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Camelid.Contracts.Tests;

/// <summary>Peers of another version know fields by number: a number and its type never change unseen.</summary>
public sealed class ProtoTests
{
    private const string Ending = ".proto.txt";

    public static TheoryData<string> Names => [.. Files.Keys.Order(StringComparer.Ordinal)];

    private static Dictionary<string, FileDescriptor> Files { get; } = typeof(BlockConnected).Assembly
        .GetExportedTypes()
        .Select(type => type.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static))
        .Where(property => property?.PropertyType == typeof(FileDescriptor))
        .Select(property => (FileDescriptor)property!.GetValue(null)!)
        .ToDictionary(file => file.Name.Replace('/', '.')[..^".proto".Length]);

    [Theory]
    [MemberData(nameof(Names))]
    public void A_proto_says_what_its_golden_file_says(string name) =>
        GoldenFile.Equal(name + Ending, ProtoText.Of(Files[name]));

    [Fact]
    public void Every_proto_has_a_golden_file_and_no_golden_file_is_left_over() =>
        Assert.Equal([.. Files.Keys.Select(name => name + Ending).Order(StringComparer.Ordinal)],
            GoldenFile.Names(Ending));

    /// <summary>Negative control: the golden text would show each of these changes.</summary>
    [Theory]
    [InlineData("number")]
    [InlineData("type")]
    [InlineData("name")]
    [InlineData("label")]
    [InlineData("removal")]
    [InlineData("stream")]
    public void A_change_of_a_field_or_method_is_seen(string change)
    {
        FileDescriptor file = Files["jobpool.v1.jobpool"];
        FileDescriptorProto proto = file.ToProto();
        DescriptorProto message = proto.MessageType.First(entry => entry.Field.Count > 1);
        FieldDescriptorProto field = message.Field[0];
        switch (change)
        {
            case "number": field.Number = 1000; break;
            case "type": field.Type = FieldDescriptorProto.Types.Type.Fixed32; break;
            case "name": field.Name += "_other"; break;
            case "label": field.Label = FieldDescriptorProto.Types.Label.Repeated; break;
            case "removal": message.Field.RemoveAt(0); break;
            default: proto.Service[0].Method[0].ServerStreaming = !proto.Service[0].Method[0].ServerStreaming; break;
        }

        Assert.NotEqual(ProtoText.Of(file), ProtoText.Of(Rebuild(proto)));
        Assert.Equal(ProtoText.Of(file), ProtoText.Of(Rebuild(file.ToProto())));
    }

    private static FileDescriptor Rebuild(FileDescriptorProto proto) =>
        FileDescriptor.BuildFromByteStrings([proto.ToByteString()])[^1];
}
