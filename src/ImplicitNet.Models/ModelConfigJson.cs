using System.Text.Json;
using System.Text.Json.Serialization;

namespace ImplicitNet.Models;

/// <summary>How configurations are read and written: camel case, indented, unknown members refused.</summary>
/// <remarks>By reflection: generated readers would set a member that the file leaves out to zero, not to its default.</remarks>
internal static class ModelConfigJson
{
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        ReadCommentHandling = JsonCommentHandling.Skip,
    };
}
