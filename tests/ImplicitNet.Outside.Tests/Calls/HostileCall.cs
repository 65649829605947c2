using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Calls;

/// <summary>One call of the public API with what was drawn for it.</summary>
internal sealed class HostileCall
{
    private readonly EntryPoint _entry;
    private readonly HostileMap _map;
    private readonly HostileTensor _qKind;
    private readonly HostileTensor _startKind;
    private readonly FixedPointSolver _solver;
    private readonly FixedPointGradient _gradient;
    private readonly string _mode;
    private readonly bool _isCoupled;
    private readonly HostileMap.State _state;

    public HostileCall(Random random, IReadOnlyList<EntryPoint> entries)
    {
        Random = new Random(random.Next());
        _entry = random.Pick(entries);
        _map = random.OneIn(4) ? HostileMap.All[0] : random.Pick(HostileMap.All);
        _qKind = random.OneIn(3) ? random.Pick(HostileTensor.All) : HostileTensor.Right;
        _startKind = random.OneIn(4) ? random.Pick(HostileTensor.All) : HostileTensor.Right;
        _solver = random.Pick(SolverFamily.All)(random);
        _gradient = random.Pick(GradientFamily.All)(random);
        _mode = random.Pick(["gradients", "gradients", "gradients", "no gradients", "inference"]);
        _isCoupled = random.OneIn(5);
        Stopping = new StoppingRule { MaxSteps = random.Next(1, 30), Norm = random.OneIn(2) ? ResidualNorm.L2 : ResidualNorm.Max };
        using Tensor shape = ones(random.Next(2, 5), random.Next(2, 6));
        Right = (shape * 0.3f).cumsum(1);
        _state = new HostileMap.State(full([1], 0.5f).requires_grad_());
    }

    public Random Random { get; }

    public FixedPointSolver Solver => _solver;

    /// <summary>What some maps compute with.</summary>
    public Tensor Weight => _state.Weight;

    /// <summary>What is called.</summary>
    public HostileMap Function => _map;

    public FixedPointGradient Gradient => _gradient;

    public StoppingRule Stopping { get; }

    /// <summary>What is asked for: [batch, n] in float32.</summary>
    public Tensor Right { get; }

    /// <summary>q as drawn.</summary>
    public Tensor Q => Make(_qKind)!;

    /// <summary>The start as drawn.</summary>
    public Tensor Start => Make(_startKind)!;

    /// <summary>A tensor of any kind that is right now and then.</summary>
    public Tensor Any => Make(Random.OneIn(2) ? HostileTensor.Right : Random.Pick(HostileTensor.All))!;

    public LatentOperator Operator =>
        _isCoupled ? new CoupledModuleOperator(new HostileModule(_map)) : new ModuleOperator(new HostileModule(_map));

    public ImplicitLayer Layer => new(Operator) { Solver = _solver, Gradient = _gradient, Stopping = Stopping, OnFailure = Policy };

    public ImplicitNetwork Network
    {
        get
        {
            long width = Right.shape[1];
            nn.Module<Tensor, Tensor> encoder = Random.OneIn(5) ? new HostileStage(_map) : Random.OneIn(4) ? nn.Linear(width, width) : nn.Identity();
            return new ImplicitNetwork(encoder, Operator, Random.OneIn(5) ? new HostileStage(_map) : nn.Linear(width, 3))
            {
                Solver = _solver,
                Gradient = _gradient,
                Stopping = Stopping,
                OnFailure = Policy,
            };
        }
    }

    private FailurePolicy Policy => Random.Next(5) switch
    {
        0 => new ThrowOnFailure(),
        1 => Random.OneIn(2) ? new MaskFailures() : new AcceptMaxSteps(),
        2 => new HostilePolicy(Random.Next()),
        _ => new WarnOnFailure { Warn = _ => { } },
    };

    public FixedPointMap Map(Tensor q) => _isCoupled
        ? new CoupledMap(
            (u, inputs) => Evaluate(u, inputs.PerSample[0]),
            new MapInputs { PerSample = [q], Parameters = Random.OneIn(2) ? null : [_state.Weight] })
        : Random.OneIn(2)
            ? new PerSampleMap(Evaluate, q)
            : new PerSampleMap(
                (u, inputs) => Evaluate(u, inputs.PerSample[0]), new MapInputs { PerSample = [q], Parameters = [_state.Weight] });

    public Tensor Evaluate(Tensor u, Tensor q) => _map.Evaluate(_state, u, q);

    /// <summary>Calls, in the mode drawn.</summary>
    /// <exception cref="Exception">Whatever comes.</exception>
    public void Run()
    {
        using IDisposable? mode = _mode switch { "inference" => inference_mode(), "no gradients" => no_grad(), _ => null };
        _entry.Call(this);
    }

    public override string ToString() =>
        $"{_entry.Name}; map {_map.Name}{(_isCoupled ? ", coupled" : "")}; q {_qKind.Name}; start {_startKind.Name}; "
        + $"{_solver.GetType().Name}; {_gradient.GetType().Name}; {_mode}";

    /// <summary>Where a kind cannot be made of this shape, what is right.</summary>
    private Tensor? Make(HostileTensor kind)
    {
        try
        {
            return kind.Create(Right);
        }
        catch (Exception)
        {
            return Right.clone();
        }
    }
}
