using System.Reflection;
using ImplicitNet.Files.Safetensors;
using ImplicitNet.Models;
using ImplicitNet.Reports;
using ImplicitNet.Solvers;
using ImplicitNet.Training;

namespace ImplicitNet.Tests;

/// <summary>
/// The public surface of each library as text, held against the file beside this test, so that a change of it is seen
/// in review. To accept a change, run the test with IMPLICITNET_ACCEPT_API=1 and commit the file.
/// </summary>
public sealed class PublicApiTests
{
    public static TheoryData<string> Libraries => ["ImplicitNet", "ImplicitNet.Files", "ImplicitNet.Training", "ImplicitNet.Reports", "ImplicitNet.Models"];

    [Theory]
    [MemberData(nameof(Libraries))]
    public void The_public_api_is_the_one_reviewed(string library)
    {
        Assembly assembly = library switch
        {
            "ImplicitNet" => typeof(FixedPoint).Assembly,
            "ImplicitNet.Files" => typeof(SafetensorsFile).Assembly,
            "ImplicitNet.Training" => typeof(Trainer).Assembly,
            "ImplicitNet.Reports" => typeof(RunReport).Assembly,
            _ => typeof(ModelFolder).Assembly,
        };
        string path = Path.Combine(SharedData.RepositoryRoot, "tests", "ImplicitNet.Tests", "Api", library + ".txt");
        string actual = string.Join('\n', ApiText.Of(assembly)) + "\n";
        if (Environment.GetEnvironmentVariable("IMPLICITNET_ACCEPT_API") == "1")
        {
            File.WriteAllText(path, actual);
        }

        string[] expected = File.Exists(path) ? File.ReadAllLines(path) : [];
        string[] lines = actual.TrimEnd('\n').Split('\n');
        Assert.True(
            expected.SequenceEqual(lines),
            $"Gone: {string.Join("; ", expected.Except(lines))}\nNew: {string.Join("; ", lines.Except(expected))}");
    }

    /// <summary>The text tells apart what a user's code can tell apart: each of these pairs differs in one thing.</summary>
    [Fact]
    public void The_text_shows_every_change_that_could_break_a_user()
    {
        string[] text = [.. ApiText.Of(typeof(PublicApiTests).Assembly).SkipWhile(line => !line.Contains("ApiSample", StringComparison.Ordinal))];
        string[] expected =
        [
            "ImplicitNet.Tests.ApiSample: abstract class of IDisposable",
            "  void Dispose()",
            "  abstract void Required(int count = 3)",
            "  const int Limit = 7",
            "  protected new()",
            "  protected virtual string? Optional(string? text = null, params long[] sizes)",
            "  static List<string?> Names { get; }",
            "ImplicitNet.Tests.ApiSampleEnd: sealed record of ApiSampleRoot, IEquatable<ApiSampleEnd>",
            "  int Count { get; init; }",
            "  required string Title { get; set; }",
        ];
        Assert.All(expected, line => Assert.Contains(line, text));
    }
}

/// <summary>What the text is tried on.</summary>
public abstract class ApiSample : IDisposable
{
    public const int Limit = 7;

    public static List<string?> Names { get; } = [];

    public abstract void Required(int count = 3);

    public void Dispose() => GC.SuppressFinalize(this);

    protected virtual string? Optional(string? text = null, params long[] sizes) => text;
}

/// <summary>What stands below.</summary>
public abstract record ApiSampleRoot;

/// <summary>What nothing stands on.</summary>
public sealed record ApiSampleEnd : ApiSampleRoot
{
    public int Count { get; init; }

    public required string Title { get; set; }
}
