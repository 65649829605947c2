using static TorchSharp.torch;

namespace ImplicitNet.Models.Problems;

/// <summary>Fixed points of economics: values, equilibria of games and markets, shares of pages and of routes.</summary>
internal static class Economics
{
    private const int Pages = 20;
    private const int Mileages = 20;
    private const double Demand = 10;
    private const double RiskPower = -27;
    private const double Replacement = 4;

    private static readonly double[] Growth = [0, 0.0015, 0.003];
    private static readonly double[][] States = [[0.9, 0.1, 0], [0.05, 0.9, 0.05], [0, 0.1, 0.9]];
    private static readonly double[] MileageSteps = [0.35, 0.6, 0.05];
    private static readonly double[] Costs = [0.6, 0.8, 0.9, 1.1, 1.5];
    private static readonly double[] Men = [1, 1.5, 0.7];
    private static readonly double[] Women = [0.8, 0.6, 1, 0.9];
    private static readonly double[] FreeTimes = [1, 1.2, 1.5, 0.9];
    private static readonly double[] Capacities = [2, 3, 4, 2.5];

    public static IEnumerable<FixedPointProblem> All =>
    [
        // log(wealth / consumption) = log(1 + beta (E exp((1 - gamma) g + theta v))^(1 / theta)), theta = -27, for three discounts.
        new()
        {
            Name = "epstein-zin",
            Title = "Wealth of an Epstein-Zin household",
            Source = "Epstein, Zin 1989; Borovicka, Stachurski 2020",
            Function = EpsteinZin,
            Start = [0, 0, 0],
            Parameters = [[0.9], [0.98], [0.995]],
            Error = (q, u) => FixedPointProblem.Distance(u, PlainArithmetic.Iterate(v => Wealth(v, q[0]), new double[3])),
        },

        // The expected value before a bus's engine is kept or replaced; Bellman's operator contracts by the discount.
        new()
        {
            Name = "engine-replacement",
            Title = "When to replace an engine, Bellman",
            Source = "Rust 1987",
            Function = EngineReplacement,
            Start = new double[Mileages],
            Parameters = [[0.5], [0.9], [0.99]],
            Error = (q, u) => FixedPointProblem.RelativeDistance(
                u, PlainArithmetic.Iterate(v => EngineValues(v, q[0]), new double[Mileages])),
        },

        // Five firms with rising costs meet the demand Q^(-1 / eta): F is each firm's marginal profit.
        FixedPointProblem.Root(
            "cournot", "Five firms of Cournot", "Cournot 1838; Miranda, Fackler 2002", -0.3, Cournot, [1, 1, 1, 1, 1]) with
        {
            Parameters = [[1.6], [1.1], [3]],
            Error = (q, u) => FixedPointProblem.Distance(u, CournotSolution(q[0])),
        },

        // Matching pennies with one prize of nine: both answer by logit of precision q; the answer to the answer falls.
        new()
        {
            Name = "quantal-response",
            Title = "Matching pennies by logit answers",
            Source = "McKelvey, Palfrey 1995",
            Function = (u, q) => cat([((u.narrow(1, 1, 1) * 10 - 1) * q).sigmoid(), ((1 - u.narrow(1, 0, 1) * 2) * q).sigmoid()], 1),
            Start = [0.5, 0.5],
            Parameters = [[0.3], [1], [4], [10]],
            Error = (q, u) => FixedPointProblem.Distance(u, PenniesSolution(q[0])),
        },

        // The roots of the numbers of single men and women, a_i^2 + a_i sum_j K_ij b_j = n_i and the same for women.
        new()
        {
            Name = "marriage-market",
            Title = "A marriage market of seven types",
            Source = "Choo, Siow 2006",
            Function = MarriageMarket,
            Start = [.. Enumerable.Repeat(0.5, Men.Length + Women.Length)],
            Parameters = [[1], [3]],
            Error = (q, u) => FixedPointProblem.Distance(u, PlainArithmetic.Iterate(v => Singles(v, q[0]), [.. Enumerable.Repeat(0.5, 7)])),
        },

        // u = d P u + (1 - d) / n: linear, contracting by d in the sum of magnitudes.
        new()
        {
            Name = "page-rank",
            Title = "PageRank of twenty pages",
            Source = "Brin, Page 1998",
            Function = (u, q) => q * u.mm(tensor(Links(), u.dtype, u.device).reshape(Pages, Pages)) + (1 - q) / Pages,
            Start = [.. Enumerable.Repeat(1.0 / Pages, Pages)],
            Parameters = [[0.5], [0.85], [0.99]],
            Error = (q, u) => FixedPointProblem.Distance(u, RankSolution(q[0])),
        },

        // Four routes share the traffic by logit of the times that it makes: beyond a sensitivity the plain iteration swings.
        new()
        {
            Name = "traffic",
            Title = "Traffic on four routes by logit",
            Source = "Daganzo, Sheffi 1977",
            Function = (u, q) => (-q * Times(u)).softmax(1) * Demand,
            Start = [.. Enumerable.Repeat(Demand / 4, 4)],
            Parameters = [[0.1], [1], [5]],
            Error = (q, u) => FixedPointProblem.Distance(u, TrafficSolution(q[0])),
        },
    ];

    private static Tensor EpsteinZin(Tensor u, Tensor q)
    {
        Tensor chances = tensor([.. States.SelectMany(row => row.Select((p, j) => Math.Log(p) - (9 * Growth[j])))], u.dtype, u.device);
        Tensor mean = (chances.reshape(1, 3, 3) + u.unsqueeze(1) * RiskPower).logsumexp(2) / RiskPower;
        return (q * mean.exp()).log1p();
    }

    private static double[] Wealth(double[] v, double discount) =>
    [
        .. States.Select(row => Math.Log(1 + (discount
            * Math.Pow(row.Select((p, j) => p * Math.Exp((-9 * Growth[j]) + (RiskPower * v[j]))).Sum(), 1 / RiskPower)))),
    ];

    private static Tensor EngineReplacement(Tensor u, Tensor q)
    {
        Tensor costs = arange(Mileages, dtype: u.dtype, device: u.device) * 0.2;
        Tensor value = logaddexp(q * u - costs, q * u.narrow(1, 0, 1) - Replacement);
        Tensor stays = value.narrow(1, Mileages - 1, 1);
        Tensor one = cat([value.narrow(1, 1, Mileages - 1), stays], 1);
        Tensor two = cat([value.narrow(1, 2, Mileages - 2), stays, stays], 1);
        return value * MileageSteps[0] + one * MileageSteps[1] + two * MileageSteps[2];
    }

    private static double[] EngineValues(double[] v, double discount)
    {
        double replaced = Math.Exp((discount * v[0]) - Replacement);
        double[] value = [.. v.Select((x, i) => Math.Log(Math.Exp((discount * x) - (0.2 * i)) + replaced))];
        return [.. v.Select((_, i) => MileageSteps.Select((p, by) => p * value[Math.Min(i + by, Mileages - 1)]).Sum())];
    }

    private static Tensor Cournot(Tensor u, Tensor q)
    {
        Tensor total = u.sum(1, keepdim: true);
        Tensor price = total.pow(-1 / q);
        return price - price / total * u / q - u * tensor(Costs, u.dtype, u.device);
    }

    /// <summary>Given the total each firm's output follows; the outputs sum to the total.</summary>
    private static double[] CournotSolution(double elasticity)
    {
        double Output(double cost, double total) =>
            Math.Pow(total, -1 / elasticity) / (cost + (Math.Pow(total, (-1 / elasticity) - 1) / elasticity));
        double total = Bisection.Root(x => x - Costs.Sum(cost => Output(cost, x)), 0.01, 100);
        return [.. Costs.Select(cost => Output(cost, total))];
    }

    private static double[] PenniesSolution(double precision)
    {
        double Logit(double gain) => 1 / (1 + Math.Exp(-precision * gain));
        double column = Bisection.Root(x => x - Logit(1 - (2 * Logit((10 * x) - 1))), 0, 1);
        return [Logit((10 * column) - 1), column];
    }

    private static double Gain(int man, int woman, double scale) => Math.Exp(scale / 2 * Math.Cos(man + (2 * woman)));

    private static Tensor MarriageMarket(Tensor u, Tensor q)
    {
        double[] angles = [.. Enumerable.Range(0, Men.Length).SelectMany(i => Women.Select((_, j) => Math.Cos(i + (2 * j)) / 2))];
        Tensor gains = (tensor(angles, u.dtype, u.device).reshape(1, Men.Length, Women.Length) * q.unsqueeze(2)).exp();
        Tensor men = u.narrow(1, 0, Men.Length);
        Tensor women = u.narrow(1, Men.Length, Women.Length);
        Tensor half = cat([gains.bmm(women.unsqueeze(2)).squeeze(2), men.unsqueeze(1).bmm(gains).squeeze(1)], 1) / 2;
        Tensor people = tensor([.. Men, .. Women], u.dtype, u.device);
        return (people + half.square()).sqrt() - half;
    }

    private static double[] Singles(double[] v, double scale)
    {
        double Root(double people, double half) => Math.Sqrt(people + (half * half)) - half;
        double[] men = [.. Men.Select((n, i) => Root(n, Women.Select((_, j) => Gain(i, j, scale) * v[Men.Length + j]).Sum() / 2))];
        return [.. men, .. Women.Select((n, j) => Root(n, men.Select((a, i) => Gain(i, j, scale) * a).Sum() / 2))];
    }

    /// <summary>By rows: of every page the shares of its three links, drawn; some lead twice to the same page.</summary>
    private static double[] Links()
    {
        double[] shares = new double[Pages * Pages];
        foreach ((int link, double drawn) in DrawnNumbers.Uniform(3 * Pages, 1998).Index())
        {
            // The square of a number in [0, 1) favours the first pages, as popularity does.
            shares[(link / 3 * Pages) + (int)(Pages * Math.Pow((drawn + 1) / 2, 2))] += 1.0 / 3;
        }

        return shares;
    }

    private static double[] RankSolution(double damping)
    {
        double[] links = Links();
        return PlainArithmetic.Eliminate(
            (row, column) => (row == column ? 1 : 0) - (damping * links[(column * Pages) + row]),
            [.. Enumerable.Repeat((1 - damping) / Pages, Pages)]);
    }

    private static Tensor Times(Tensor flows) => tensor(FreeTimes, flows.dtype, flows.device)
        * (1 + (flows / tensor(Capacities, flows.dtype, flows.device)).pow(4) * 0.15);

    /// <summary>log(flow) + q time(flow) is the same on all routes, and rises with the flow.</summary>
    private static double[] TrafficSolution(double sensitivity)
    {
        double Flow(int route, double level) => Bisection.Root(
            x => Math.Log(x) + (sensitivity * FreeTimes[route] * (1 + (0.15 * Math.Pow(x / Capacities[route], 4)))) - level, 0, Demand);
        double level = Bisection.Root(x => Enumerable.Range(0, 4).Sum(route => Flow(route, x)) - Demand, -10, 10_000);
        return [.. Enumerable.Range(0, 4).Select(route => Flow(route, level))];
    }
}
