using System.Text.RegularExpressions;

namespace ImplicitNet.Tests;

/// <summary>
/// A program of all C# of the pages: the README's example first, as it stands, then every other block in a method of its own, each with
/// models and data made anew. Errors of the compiler name page and line.
/// </summary>
internal static partial class PagesProgram
{
    private const string Marker = "\u001fblock ";

    // What the pages take for granted: their words, for anything that a block does not make itself.
    private const string Given = """
        internal static class Given
        {
            public static ImplicitNetwork network = null!;
            public static nn.Module<Tensor, Tensor> model = null!;
            public static Tensor data = null!, labels = null!, x = null!, y = null!, q = null!;
            public static BatchSource source = null!;
            public static Batch batch = null!;
            public static ImplicitResult result = null!;
            public static readonly Regression task = new();
            public static readonly BenchmarkDotNet.Jobs.Job job = BenchmarkDotNet.Jobs.Job.Default;
            public const string repository = "repository";

            public static void Renew()
            {
                random.manual_seed(1);
                network = new(nn.Linear(4, 32), new ContractionOperator(new BoundedLinear(32, 32), gamma: 0.9), nn.Linear(32, 3));
                model = nn.Sequential(nn.Linear(2, 8), new ImplicitLayer(new ContractionOperator(new BoundedLinear(8, 8), gamma: 0.9)), nn.Linear(8, 1));
                (data, labels, x, q) = (randn(8, 4), randint(3, 8, int64), randn(100, 2), randn(8, 4));
                y = x.sum([1]);
                source = BatchSource.From(x, y);
                batch = source.First(10);
                result = network.Run(data);

                // Tensors that earlier blocks left to the collector are no part of this one, which may count its own.
                GC.Collect();
                GC.WaitForPendingFinalizers();
                random.manual_seed(1);
            }
        }

        """;

    private static readonly string[] Namespaces =
    [
        "BenchmarkDotNet.Jobs", "BenchmarkDotNet.Toolchains", "ImplicitNet.Certification", "ImplicitNet.Gradients", "ImplicitNet.LinearSolvers", "ImplicitNet.Models", "ImplicitNet.Networks",
        "ImplicitNet.Operators", "ImplicitNet.Reports", "ImplicitNet.Solvers", "ImplicitNet.Training", "ImplicitNet.Training.Data", "ImplicitNet.Training.Distribution", "ImplicitNet.Training.Evaluation",
        "ImplicitNet.Training.Optimizers", "ImplicitNet.Training.Tasks", "TorchSharp",
    ];

    /// <summary>Every block of C# of every page, the README's example first.</summary>
    public static IReadOnlyList<CodeBlock> Blocks { get; } = [.. Markdown.Pages.SelectMany(Markdown.CSharp)];

    public static void Write(string folder)
    {
        string usings = string.Concat(Namespaces.Select(name => $"using {name};\n")) + "using static TorchSharp.torch;\n";
        File.WriteAllText(Path.Combine(folder, "Program.cs"), usings + Given + Calls());
        foreach ((int index, CodeBlock block) in Blocks.Index())
        {
            // A program in one file names its packages above and its types below.
            string[] code = block.Code.Split('\n');
            string own = string.Join('\n', code.Where(line => Using().IsMatch(line)));

            // A block that says what it uses, or that it is a program, is one that a reader may take as it stands.
            string before = own.Length > 0 || code.Any(line => line.StartsWith("#:", StringComparison.Ordinal)) ? own : usings;
            string[] lines = [.. code.Select(line => line.StartsWith("#:", StringComparison.Ordinal) || Using().IsMatch(line) ? "" : line)];
            int types = Array.FindIndex(lines, line => Type().IsMatch(line));
            types = types < 0 ? lines.Length : types;
            File.WriteAllText(Path.Combine(folder, $"Block{index}.cs"), $$"""
                {{before}}
                using static Given;
                namespace Pages{{index}}
                {
                internal static class Block
                {
                public static void Run()
                {
                {{Lines(block, lines, 0, types)}}
                }
                }
                {{Lines(block, lines, types, lines.Length)}}
                }
                """);
        }
    }

    /// <summary>What every block printed, by its number.</summary>
    public static IReadOnlyDictionary<int, string> Printed(string output) => output.Split(Marker).Skip(1)
        .ToDictionary(
            part => int.Parse(part[..part.IndexOf('\n', StringComparison.Ordinal)], System.Globalization.CultureInfo.InvariantCulture),
            part => part[(part.IndexOf('\n', StringComparison.Ordinal) + 1)..]);

    private static string Calls() => "internal static class Program\n{\n    public static void Main()\n    {\n"
        + string.Concat(Enumerable.Range(0, Blocks.Count).Select(index =>
            $"        Given.Renew();\n        Console.WriteLine(\"{Marker}{index}\");\n        Pages{index}.Block.Run();\n"))
        + $"        Console.WriteLine(\"{Marker}{Blocks.Count}\");\n    }}\n}}\n";

    private static string Lines(CodeBlock block, string[] lines, int from, int to) =>
        $"#line {block.Line + from} \"{block.Page}\"\n{string.Join('\n', lines[from..to])}\n#line default";

    [GeneratedRegex(@"^using (static )?[\w.]+;")]
    private static partial Regex Using();

    [GeneratedRegex(@"^(file |internal |public )?(sealed|static|abstract|class|record|struct|enum) ")]
    private static partial Regex Type();
}
