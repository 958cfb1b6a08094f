create type amazon_points as ("PointsNumber" amazon_amount);

comment on type amazon_points is
'What the buyer is credited in Japan, where one point is worth one yen.';
