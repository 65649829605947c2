using System.Text.Json;
using ImplicitNet.Files;
using ImplicitNet.Flows;
using ImplicitNet.Operators;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.History;

namespace ImplicitNet.Cli;

/// <summary>
/// What train and evaluate print under --json and train keeps in result.json. Its names are an interface: they stay.
/// What was not evaluated, and what is not finite, is null; so is an accuracy where the task has no right answers, and the certified gamma
/// where nothing certifies one.
/// </summary>
/// <remarks>A reader sets what a file of an older version leaves out to null or 0; it is read as what it was then.</remarks>
internal sealed record RunResult
{
    public double? TestAccuracy { get; init => field = FiniteNumber.OrNull(value); }

    public double? ValidationAccuracy { get; init => field = FiniteNumber.OrNull(value); }

    public double? TrainAccuracy { get; init => field = FiniteNumber.OrNull(value); }

    public double? TestLoss { get; init => field = FiniteNumber.OrNull(value); }

    public double? ValidationLoss { get; init => field = FiniteNumber.OrNull(value); }

    public double? TrainLoss { get; init => field = FiniteNumber.OrNull(value); }

    public long Parameters { get; init; }

    public double? GammaDeclared { get; init => field = FiniteNumber.OrNull(value); }

    public double? GammaCertified { get; init => field = FiniteNumber.OrNull(value); }

    public double? GammaMeasured { get; init => field = FiniteNumber.OrNull(value); }

    public double? MeanSteps { get; init => field = FiniteNumber.OrNull(value); }

    public IReadOnlyDictionary<string, long> Statuses { get => field ?? new Dictionary<string, long>(); init; }

    public long Evaluations { get; init; }

    public int? Epochs { get; init; }

    public int? BestEpoch { get; init; }

    public double? SecondsPerEpoch { get; init => field = FiniteNumber.OrNull(value); }

    public double? Seconds { get; init => field = FiniteNumber.OrNull(value); }

    public long PeakMemoryBytes { get; init; }

    public string Data { get => field ?? ""; init; }

    public string Split { get => field ?? "test"; init; }

    public int Samples { get; init; }

    public long? Seed { get; init; }

    public int Threads { get; init; }

    public string Device { get => field ?? ""; init; }

    public string Model { get => field ?? ""; init; }

    public string? Gradient { get; init; }

    public long? TrainingEvaluations { get; init; }

    public long? TrainingProducts { get; init; }

    public long? AdjointFailures { get; init; }

    public ScoreResult? Score { get; init; }

    /// <summary>Processes that trained together.</summary>
    public int Ranks { get => Math.Max(1, field); init; }

    /// <summary>Starts of every solve of the evaluation.</summary>
    public int Starts { get => Math.Max(1, field); init; }

    /// <summary>How far they agree; null for one start.</summary>
    public StartsResult? Agreement { get; init; }

    /// <summary>What was said of a training that has taught nothing; empty for one that works.</summary>
    public IReadOnlyList<string> Remarks { get => field ?? []; init; }

    /// <summary>What the task measures beside accuracy and loss, such as the share of right cells.</summary>
    public IReadOnlyDictionary<string, double> Scores { get => field ?? new Dictionary<string, double>(); init; }

    /// <summary>By data, where there are several of them: those of the run first.</summary>
    public IReadOnlyList<TestResult> Tests { get => field ?? []; init; }

    /// <summary>Names of the pictures in the run's folder.</summary>
    public IReadOnlyList<string> Pictures { get => field ?? []; init; }

    /// <summary>The step limit of the solves; null where an older version did not say.</summary>
    public int? MaxSteps { get; init; }

    /// <summary>The network by name.</summary>
    public string Network { get => field ?? ""; init; }

    /// <summary>Loss and accuracy on the part of the data that was asked for.</summary>
    public double? Loss { get => field ?? Part(TrainLoss, ValidationLoss, TestLoss); init => field = FiniteNumber.OrNull(value); }

    /// <inheritdoc cref="Loss"/>
    public double? Accuracy
    {
        get => field ?? Part(TrainAccuracy, ValidationAccuracy, TestAccuracy);
        init => field = FiniteNumber.OrNull(value);
    }

    /// <summary>Samples that loss, accuracy and scores are means of: all but those whose flow failed.</summary>
    public int? Counted { get; init; }

    /// <summary>Evaluations for a sample on average.</summary>
    public double? MeanEvaluations { get; init => field = FiniteNumber.OrNull(value); }

    /// <summary>The norm that the factors are in, such as "L2".</summary>
    public string? GammaNorm { get; init; }

    /// <summary>Every latent is within this of its fixed point, in the norm that <see cref="ErrorNorm"/> names; null: not known.</summary>
    public double? ErrorBound { get; init => field = FiniteNumber.OrNull(value); }

    public string? ErrorNorm { get; init; }

    /// <summary>m of a monotone operator, by construction; null of any other.</summary>
    public double? MonotonicityDeclared { get; init; }

    /// <summary>A rigorous lower bound of m for the weights as they are.</summary>
    public double? MonotonicityCertified { get; init; }

    /// <summary>A rigorous upper bound of the norm of I - W.</summary>
    public double? LipschitzBound { get; init; }

    /// <summary>Restored images beside other methods and fewer steps; empty for other tasks and after training.</summary>
    public IReadOnlyList<RestorationRow> Restorations { get => field ?? []; init; }

    /// <summary>Folders of the models that stood beside this one; empty for none.</summary>
    public IReadOnlyList<string> Beside { get => field ?? []; init; }

    /// <summary>Charts and pictures that an evaluation of restorations has written; empty for none.</summary>
    public IReadOnlyList<string> Charts { get => field ?? []; init; }

    /// <summary>
    /// By each radius as it was given, in L2 and in pixels of [0, 1], the share of images that are right and certified beyond it; null
    /// where nobody asked.
    /// </summary>
    public IReadOnlyDictionary<string, double>? CertifiedAccuracy { get; init; }

    /// <summary>Whether samples were answered by following flows.</summary>
    public bool IsOfFlows() => Statuses.ContainsKey(nameof(FlowStatus.Completed));

    /// <summary>Whether the answers are images, and none is right or wrong.</summary>
    public bool IsOfRestorations() => Scores.ContainsKey("psnr");

    /// <summary>Whether the answers are characters, in windows none of which is right or wrong.</summary>
    public bool IsOfTexts() => Scores.ContainsKey(Training.Tasks.NextToken.Tokens);

    /// <summary>Of an evaluation: solver, contraction and memory; not yet what part of the data it was on.</summary>
    /// <param name="evaluation">The evaluation.</param>
    /// <param name="contraction">Null of a network without fixed points.</param>
    /// <param name="monotone">Of the network.</param>
    public static RunResult Of(EvaluationResult evaluation, ContractionReport? contraction, Monotonicity monotone) => new()
    {
        MonotonicityDeclared = monotone.Declared,
        MonotonicityCertified = monotone.Certified,
        LipschitzBound = monotone.LipschitzBound,
        GammaDeclared = contraction?.Declared,
        GammaCertified = contraction?.Certified,
        GammaMeasured = contraction?.Measured,
        GammaNorm = contraction?.Norm.ToString(),
        ErrorBound = evaluation.Solver.ErrorBound,
        ErrorNorm = evaluation.Solver.ErrorNorm?.ToString(),
        MeanSteps = evaluation.Solver.MeanSteps,
        Statuses = contraction is not null
            ? evaluation.Solver.Statuses.ToDictionary(status => status.Key.ToString(), status => status.Value)
            : Enum.GetValues<FlowStatus>().ToDictionary(
                status => status.ToString(), status => evaluation.Solver.Flows.GetValueOrDefault(status)),
        Counted = evaluation.Count - evaluation.LeftOut,
        MeanEvaluations = (double)evaluation.Solver.Evaluations / Math.Max(1, evaluation.Count),
        Evaluations = evaluation.Solver.Evaluations,
        Samples = evaluation.Count,
        Scores = TestResult.ScoresOf(evaluation),
        PeakMemoryBytes = ProcessMemory.Peak(),
    };

    /// <summary>Reads a result.json.</summary>
    /// <exception cref="CommandException">It is none.</exception>
    public static RunResult Read(string path)
    {
        try
        {
            return JsonShape.Read(File.ReadAllText(path), ResultJson.Default.RunResult);
        }
        catch (JsonException exception)
        {
            throw new CommandException(
                $"{path}: {JsonShape.Line(exception)} Delete the file to test the model again.", innerException: exception);
        }
    }

    private double? Part(double? train, double? validation, double? test) => Split switch
    {
        "train" => train,
        "validation" => validation,
        _ => test,
    };
}
